import { headline, phaseLines } from '../core/describe-run';
import { FAILURES } from '../core/failure';
import { awaited } from '../core/gate';
import type { CompiledPlan } from '../core/plan';
import { possibleWords } from '../core/possible-words';
import { rollbackWanting } from '../core/rollback';
import type { GateState, Hold, RunState, StepState } from '../core/state';
import { awaitedTick, awaitedWindow, tickCommand, tickerText, ticksAhead } from '../core/waits';
import { durationText } from '../report/duration-text';
import type { PendingActivity } from '../runtime/read-run';
import type { Output } from './output';
import type { Pace } from './pace';
import { progressText } from './progress-text';
import { sign } from './signs';
import { table } from './table';

export interface StatusInput {
  readonly plan: CompiledPlan;
  readonly state: RunState;
  readonly activities: readonly PendingActivity[];
  /** For elapsed times. */
  readonly now: number;
  /** What Temporal says of the workflow: RUNNING, TERMINATED … */
  readonly execution?: string;
  /** What was seen before, for rates; absent = this is the only look. */
  readonly pace?: Pace;
}

/** The run read as its runbook: phases, what is under way, who is awaited, what can be done. */
export function renderStatus(out: Output, input: StatusInput): readonly string[] {
  const { plan, state } = input;
  const gone = goneWorkflow(input);
  // A run that has turned back or ended asks nobody any more, whatever gate stood open then.
  const asks = state.direction === 'forward' && state.endedAt === undefined && gone === undefined;
  const open = asks ? state.gates.find((g) => g.status === 'open') : undefined;
  return [
    `${out.paint('bold', plan.name)} on ${plan.home} (${plan.environment})  ${statusWord(out, state)}  run ${state.run.id}`,
    ...(state.people.mode === 'claimed' ? [out.paint('yellow', 'UNSIGNED: names are what the senders say.')] : []),
    '',
    ...table(
      phaseLines(plan, state).map((line) => [
        sign(out, line.mark),
        line.phase,
        line.text,
        phaseTime(plan, state, line.phase),
      ]),
    ),
    '',
    ...(gone === undefined ? presentLines(out, input, open) : goneLines(out, state, gone)),
    ...skippedLines(out, state),
    ...(state.direction === 'back'
      ? [
          `${state.endedAt === undefined ? 'Rolling back' : 'Rolled back'}: ${state.rollbackReason ?? 'no reason given'}`,
        ]
      : []),
    ...endLines(state),
    ...uncounted(state),
  ];
}

/** What is under way, who is awaited, what can be done. */
function presentLines(out: Output, input: StatusInput, open: GateState | undefined): readonly string[] {
  const { plan, state } = input;
  return [
    ...(state.endedAt === undefined ? underWay(input) : []),
    ...(open ? gateLines(out, plan, state, open) : []),
    ...windowLines(out, plan, state),
    ...tickLines(out, plan, state),
    ...(state.hold ? holdLines(out, plan, state, state.hold) : []),
    ...voteLines(plan, state),
  ];
}

/** The word of Temporal for a workflow that ended without its run: terminated, timed out, failed. */
function goneWorkflow({ state, execution }: StatusInput): string | undefined {
  const open = execution === undefined || execution === 'RUNNING' || execution === 'CONTINUED_AS_NEW';
  return open || state.endedAt !== undefined ? undefined : execution.toLowerCase();
}

function goneLines(out: Output, { run }: RunState, gone: string): readonly string[] {
  return [
    out.paint('red', `The workflow is ${gone}; the run stands where it stood then, and still holds ${run.home}.`),
    `  go on with it:  cutover adopt --plan ${run.plan} --as <your name>`,
    `  let go of it:   cutover release --plan ${run.plan} --as <your name> --comment <why>`,
    '',
  ];
}

/** People who ask for a rollback and are not enough yet. */
function voteLines(plan: CompiledPlan, state: RunState): readonly string[] {
  if (state.rollbackVotes.length === 0 || state.direction === 'back' || state.endedAt !== undefined) return [];
  const who = state.rollbackVotes.map((v) => v.approver).join(', ');
  return [`A rollback is asked for by ${who}; it still wants ${rollbackWanting(plan, state) ?? 'nobody'}.`, ''];
}

/** One line, for a watch without a terminal: what happened, and what merely moves. */
export function statusLine(input: StatusInput): { readonly head: string; readonly moving: string } {
  const { plan, state, activities, now, pace } = input;
  const gone = goneWorkflow(input);
  if (gone !== undefined)
    return { head: `${state.phase}: the workflow is ${gone}; adopt or release the run`, moving: '' };
  const doing = activities.map((a) => progressText(a, pace?.of(a, now))).find((text) => text !== '');
  return { head: `${state.phase}: ${headline(plan, state)}`, moving: doing ?? '' };
}

/** Whether the run stands still until a person does something. */
export function isAwaiting(state: RunState): boolean {
  return state.status === 'awaiting-approval' || state.status === 'awaiting-operator' || state.status === 'paused';
}

function statusWord(out: Output, state: RunState): string {
  const colour = isAwaiting(state) ? 'yellow' : state.status === 'done' || state.status === 'running' ? 'green' : 'red';
  return out.paint(colour, state.status);
}

function phaseTime(plan: CompiledPlan, state: RunState, phase: string): string {
  const own = state.steps.filter((s) => plan.steps.some((p) => p.id === s.id && p.phase === phase));
  const ms = own.reduce((sum, s) => sum + (s.ms ?? 0), 0);
  return ms > 0 ? durationText(ms) : '';
}

function underWay({ state, activities, now, pace }: StatusInput): readonly string[] {
  const tell = (a: PendingActivity): string => progressText(a, pace?.of(a, now));
  const step = state.steps.find((s) => s.status === 'running' || s.status === 'undoing');
  if (!step)
    return activities
      .map((a) => `Now: ${[BETWEEN_STEPS[a.type] ?? a.type, tell(a)].filter((text) => text !== '').join('; ')}`)
      .concat(activities.length > 0 ? [''] : []);
  const elapsed =
    step.startedAt === undefined ? '' : `, for ${durationText(Math.max(0, now - Date.parse(step.startedAt)))}`;
  const round = roundOf(step) > 1 ? `, round ${roundOf(step)}` : '';
  const told = activities.map(tell).filter((text) => text !== '');
  return [
    `${step.status === 'undoing' ? 'Undoing' : 'Now'}: ${step.id}${elapsed}${round}`,
    ...told.map((text) => `  ${text}`),
    '',
  ];
}

/** What is done between steps, by its activity. */
const BETWEEN_STEPS: Readonly<Record<string, string>> = {
  facts: 'takes the facts for the gate',
  people: 'reads the people file',
  record: 'writes into the ledger',
  notify: 'tells who is to be told',
};

function roundOf(step: StepState): number {
  return step.status === 'undoing' ? step.undoRound : step.round;
}

function gateLines(out: Output, plan: CompiledPlan, state: RunState, gate: GateState): readonly string[] {
  const spec = plan.gates[gate.phase];
  const until = gate.deadline === undefined ? '' : ` until ${gate.deadline}`;
  const said = gate.decisions.map((d) => `  ${d.approver}: ${d.decision}${d.comment ? `, "${d.comment}"` : ''}`);
  return [
    `${out.paint('yellow', `Gate before ${gate.phase}`)} waits for ${spec ? awaited(spec, gate.decisions, state.people) : 'a decision'}${until}`,
    ...(gate.reopened ? [`  asked again, because ${gate.reopened}`] : []),
    ...(gate.reminded ? [`  reminded ${gate.reminded === 1 ? 'once' : `${gate.reminded} times`}`] : []),
    ...said,
    `  evidence ${gate.evidence?.digest ?? 'none'}`,
    `  look and approve:  cutover approve ${gate.phase} --plan ${state.run.plan} --as <your name>`,
    `  from a script:     add --evidence ${gate.evidence?.digest ?? ''} --yes`,
    `  reject:            cutover reject ${gate.phase} --plan ${state.run.plan} --as <your name> --comment <why>`,
    '',
  ];
}

function windowLines(out: Output, plan: CompiledPlan, state: RunState): readonly string[] {
  const wait = awaitedWindow(plan, state);
  if (!wait) return [];
  return [
    `${out.paint('yellow', `Gate before ${wait.phase}`)} is approved; ${wait.phase} may start from ${wait.hours}: the window opens at ${wait.until}`,
    '',
  ];
}

/** What waits for a person's hands, and what may be done before the run comes to it. */
function tickLines(out: Output, plan: CompiledPlan, state: RunState): readonly string[] {
  const now = awaitedTick(plan, state);
  const ahead = ticksAhead(plan, state);
  return [
    ...(now
      ? [
          `${out.paint('yellow', now.id)} waits for ${tickerText(state, now)}: ${now.args.what}`,
          `  when it is done:   ${tickCommand(state, now)}`,
          '',
        ]
      : []),
    ...(ahead.length > 0
      ? ['To be ticked later, or already now:', ...table(ahead.map((s) => [s.id, s.args.role, s.args.what])), '']
      : []),
  ];
}

function holdLines(out: Output, plan: CompiledPlan, state: RunState, hold: Hold): readonly string[] {
  return [
    `${out.paint('yellow', hold.kind === 'paused' ? 'Paused' : 'Parked')} since ${hold.at}: ${hold.reason}`,
    ...(hold.failure ? [`  ${hold.failure.type}: ${FAILURES[hold.failure.type].next}`] : []),
    ...possibleWords(plan, state).map((w) => `  ${w.command}${w.wants ? `   (wants ${w.wants})` : ''}`),
    '',
  ];
}

function skippedLines(out: Output, state: RunState): readonly string[] {
  const skipped = state.steps.filter((s) => s.status === 'skipped');
  if (skipped.length === 0) return [];
  return [out.paint('yellow', 'Skipped:'), ...table(skipped.map((s) => [s.id, s.summary ?? ''])), ''];
}

function endLines(state: RunState): readonly string[] {
  if (state.endedAt === undefined) return [];
  const ms = Date.parse(state.endedAt) - Date.parse(state.startedAt);
  const next =
    state.status === 'aborted'
      ? [
          `The target is still claimed. Go on: cutover adopt --plan ${state.run.plan}; or let go: cutover release --plan ${state.run.plan}`,
        ]
      : [];
  return [
    ...(state.endReason ? [`${state.status}: ${state.endReason}`] : []),
    `Ended ${state.endedAt} after ${durationText(ms)}. Report: cutover report ${state.run.plan}`,
    ...next,
  ];
}

function uncounted(state: RunState): readonly string[] {
  const last = state.notCounted.slice(-3);
  return last.length === 0
    ? []
    : ['Messages that did not count:', ...last.map((m) => `  ${m.at} ${m.approver || 'somebody'}: ${m.reason}`)];
}
