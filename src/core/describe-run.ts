import { awaited } from './gate';
import { shortDigest } from './json';
import { PHASES, type Phase } from './phase';
import type { CompiledPlan } from './plan';
import { possibleWords } from './possible-words';
import { restoreWords } from './restore';
import { cutoverBegun, pastPointOfNoReturn, refusesRollback, rollbackWanting } from './rollback';
import type { GateState, RunState, StepState } from './state';
import { awaitedTick, awaitedWindow, tickCommand, tickerText, tickSignalBody } from './waits';

/** One line for lists: what the run is doing or waiting for. */
export function headline(plan: CompiledPlan, state: RunState): string {
  if (state.endedAt !== undefined) return state.endReason ? `${state.status}: ${state.endReason}` : state.status;
  if (state.hold) {
    const words = possibleWords(plan, state).map((w) => w.word);
    return `${state.hold.kind}: ${state.hold.reason} You can: ${words.join(', ')}.`;
  }
  const tick = awaitedTick(plan, state);
  if (tick) return `${tick.id}: waits for ${tickerText(state, tick)} to tick it: ${tick.args.what}`;
  const window = awaitedWindow(plan, state);
  if (window) return `Gate before ${window.phase} is approved; its window (${window.hours}) opens at ${window.until}.`;
  const gate = state.direction === 'forward' ? state.gates.find((g) => g.status === 'open') : undefined;
  if (gate) {
    const spec = plan.gates[gate.phase];
    return `Gate before ${gate.phase}: waits for ${spec ? awaited(spec, gate.decisions, state.people) : 'a decision'}${gate.deadline ? ` until ${gate.deadline}` : ''}.`;
  }
  const running = state.steps.find((s) => s.status === 'running' || s.status === 'undoing');
  return running ? `${state.status}: ${running.id}` : state.status;
}

export type Mark = 'done' | 'now' | 'waiting' | 'failed' | 'todo' | 'undone';

export interface PhaseLine {
  readonly phase: Phase;
  readonly mark: Mark;
  readonly text: string;
}

/** The phase table, as `status`, current details and the report show it. */
export function phaseLines(plan: CompiledPlan, state: RunState): readonly PhaseLine[] {
  const waits = awaitedTick(plan, state)?.phase ?? awaitedWindow(plan, state)?.phase;
  return PHASES.flatMap((phase) => {
    const steps = state.steps.filter((s) => plan.steps.some((p) => p.id === s.id && p.phase === phase));
    const gate = state.gates.find((g) => g.phase === phase);
    if (steps.length === 0 && !gate) return [];
    const mark = phase === waits ? 'waiting' : markOf(steps, gate);
    return [{ phase, mark, text: textOf(steps, gate) }];
  });
}

function markOf(steps: readonly StepState[], gate: GateState | undefined): Mark {
  if (gate && (gate.status === 'rejected' || gate.status === 'expired')) return 'failed';
  if (gate?.status === 'open') return 'waiting';
  if (steps.some((s) => s.status === 'failed')) return 'failed';
  if (steps.some((s) => s.status === 'running' || s.status === 'undoing')) return 'now';
  if (steps.length > 0 && steps.every((s) => s.status === 'done' || s.status === 'skipped')) return 'done';
  if (steps.some((s) => s.status === 'undone')) return 'undone';
  return steps.some((s) => s.status === 'done') ? 'now' : 'todo';
}

function textOf(steps: readonly StepState[], gate: GateState | undefined): string {
  const count = (status: StepState['status']): number => steps.filter((s) => s.status === status).length;
  const current = steps.find((s) => s.status === 'running' || s.status === 'undoing' || s.status === 'failed');
  const parts = [`${count('done') + count('skipped')}/${steps.length} steps`];
  if (count('skipped') > 0) parts.push(`${count('skipped')} skipped`);
  if (count('undone') > 0) parts.push(`${count('undone')} undone`);
  if (current) parts.push(`${current.id} ${current.status}`);
  if (gate && gate.status !== 'passed') parts.push(`gate ${gate.status}`);
  if (gate?.status === 'approved' && gate.waitsUntil) parts.push(`window opens at ${gate.waitsUntil}`);
  return parts.join(', ');
}

/** What approves and rejects from a terminal. */
export function approveCommand(state: RunState, gate: GateState): string {
  return `cutover approve ${gate.phase} --plan ${state.run.plan} --as <your name> --evidence ${gate.evidence?.digest ?? ''}`;
}

/** Ready to paste into the Temporal UI's "Send a Signal" dialog, signal name `decide`. */
export function signalBody(state: RunState, gate: GateState): string {
  return JSON.stringify({
    gate: gate.phase,
    nonce: gate.nonce,
    planDigest: state.run.planDigest,
    evidenceDigest: gate.evidence?.digest,
    decision: 'approve',
    approver: '<your name>',
    comment: '',
  });
}

/** Words, not emoji: a browser without their font shows boxes. */
const SIGNS: Readonly<Record<Mark, string>> = {
  done: 'done',
  now: '**now**',
  waiting: '**waits**',
  failed: '**failed**',
  todo: '–',
  undone: 'undone',
};

/** Markdown for the Temporal UI's current details: the run read as its runbook. At most 20,000 bytes. */
export function currentDetails(plan: CompiledPlan, state: RunState): string {
  const lines = [
    `**${plan.name}** on \`${state.run.home}\` (${state.environment}) — ${headline(plan, state)}`,
    state.people.mode === 'claimed' ? '> UNSIGNED: names are what the senders say.' : '',
    '',
    '| phase | state | steps |',
    '|---|---|---|',
    ...phaseLines(plan, state).map((l) => `| ${l.phase} \u00a0 | ${SIGNS[l.mark]} \u00a0 | ${l.text} |`),
    '',
    ...gateSection(state),
    ...tickSection(plan, state),
    ...holdSection(plan, state),
    ...skippedSection(state),
    ...rollbackSection(plan, state),
  ];
  return clipBytes(lines.join('\n'), 18_000);
}

function gateSection(state: RunState): readonly string[] {
  const asks = state.endedAt === undefined && state.direction === 'forward';
  const gate = asks ? state.gates.find((g) => g.status === 'open') : undefined;
  if (!gate?.evidence) return [];
  return [
    `### Gate before ${gate.phase}`,
    ...(gate.reminded ? [`Its people were reminded ${gate.reminded} times.`] : []),
    ...(gate.reopened ? [`Asked again, because ${gate.reopened}.`] : []),
    `Evidence \`${shortDigest(gate.evidence.digest)}\`:`,
    ...Object.entries({ ...gate.evidence.material, ...gate.evidence.shown }).map(
      ([k, v]) => `- **${k}**: ${v.startsWith('sha256:') ? shortDigest(v) : v}`,
    ),
    '',
    `Approve: \`${approveCommand(state, gate)}\``,
    '',
    'Or send the signal `decide` with',
    '```json',
    signalBody(state, gate),
    '```',
  ];
}

function tickSection(plan: CompiledPlan, state: RunState): readonly string[] {
  const step = awaitedTick(plan, state);
  if (!step) return [];
  return [
    `### ${step.id}: to be done by hand`,
    step.args.what,
    '',
    `Waits for ${tickerText(state, step)}. Tick it: \`${tickCommand(state, step)}\``,
    '',
    'Or send the signal `operate` with',
    '```json',
    tickSignalBody(step),
    '```',
  ];
}

function holdSection(plan: CompiledPlan, state: RunState): readonly string[] {
  const { hold } = state;
  if (!hold) return [];
  return [
    `### ${hold.kind === 'paused' ? 'Paused' : 'Parked'} since ${hold.at}`,
    hold.reason,
    '',
    ...possibleWords(plan, state).map((w) => `- \`${w.command}\`${w.wants ? ` (wants ${w.wants})` : ''}`),
    '',
    'Or send the signal `operate` with',
    '```json',
    JSON.stringify({ verb: '<word>', as: '<your name>', comment: '', planDigest: state.run.planDigest }),
    '```',
  ];
}

function skippedSection(state: RunState): readonly string[] {
  const skipped = state.steps.filter((s) => s.status === 'skipped');
  return skipped.length === 0 ? [] : ['', 'Skipped:', ...skipped.map((s) => `- ${s.id}: ${s.summary ?? ''}`), ''];
}

function rollbackSection(plan: CompiledPlan, state: RunState): readonly string[] {
  if (state.endedAt) return [];
  if (pastPointOfNoReturn(plan, state))
    return [`Past the point of no return: only a restore of the backup leads back (\`${restoreWords(plan)}\`).`];
  if (state.direction === 'back') return [`Rolling back: ${state.rollbackReason ?? ''}`];
  if (state.hold) return [];
  const fixed = refusesRollback(plan, state);
  if (fixed !== undefined) return [fixed];
  const wanting = cutoverBegun(plan, state) ? ` (wants ${rollbackWanting(plan, state) ?? 'nobody more'})` : '';
  return [`Roll back: \`cutover rollback --plan ${state.run.plan} --as <your name>\`${wanting}`];
}

function clipBytes(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max)}\n…`;
}
