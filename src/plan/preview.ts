import { requirementText } from '../core/gate';
import type { Digest } from '../core/json';
import { PHASES, POINT_OF_NO_RETURN, type Phase } from '../core/phase';
import type { CompiledPlan, GateSpec } from '../core/plan';
import type { Step } from '../core/step';
import { formatDuration } from './durations';
import { wordsOf } from './engine-words';
import { visible } from './problem';

/** What the driver of a step's engine says about it: see describe.ts of the engine. */
export interface Described {
  readonly sentence: string;
  readonly statements: readonly DescribedStatement[];
  readonly undo: readonly DescribedStatement[];
  readonly notes: readonly string[];
}

export interface DescribedStatement {
  readonly sql: string;
  readonly lock: string;
  readonly note?: string;
}

/** One line and what it is, so that the caller may colour it. Holds no control character. */
export interface PreviewLine {
  readonly text: string;
  readonly tone: 'plain' | 'title' | 'gate' | 'step' | 'sql' | 'lock' | 'undo' | 'note' | 'danger';
}

export interface PreviewInput {
  readonly plan: CompiledPlan;
  readonly digest: Digest;
  readonly describe: (step: Step) => Described;
}

/** The whole run before it runs, as plain text: the same plan gives the same text. */
export function renderPreview(input: PreviewInput): string {
  return `${previewLines(input)
    .map((l) => l.text)
    .join('\n')}\n`;
}

/** Phase by phase: gates, steps, every statement with its lock, every way back; at the end the digest that is approved. */
export function previewLines({ plan, digest, describe }: PreviewInput): readonly PreviewLine[] {
  const lines = [
    ...heading(plan),
    ...PHASES.flatMap((phase) => phaseLines(plan, phase, describe)),
    line(''),
    line(`plan digest ${digest}`, 'title'),
    line('Approvals are bound to this digest: a plan that differs by one character has another.'),
  ];
  return lines.map((l) => ({ ...l, text: visible(l.text) }));
}

function heading(plan: CompiledPlan): readonly PreviewLine[] {
  const locked = plan.steps.find((s) => s.kind === 'freeze');
  const freeze =
    locked?.kind === 'freeze'
      ? [
          line(
            `freeze      ${locked.args.tables.length} ${wordsOf(plan.engine).tables} for at most ${formatDuration(locked.args.budgetMs)}, fence ${locked.args.mode}`,
          ),
        ]
      : [];
  const back = Object.entries(plan.onFailure)
    .filter(([, v]) => v === 'rollback')
    .map(([phase]) => phase);
  return [
    line(`${plan.name}: ${plan.steps.length} steps on ${plan.home}`, 'title'),
    line(`environment ${plan.environment}`),
    line(`gates       ${gatedPhases(plan).join(', ') || 'none'}`),
    ...freeze,
    line(
      `on failure  ${back.length === 0 ? 'holds and asks, in every phase' : `rolls back in ${back.join(', ')}; else holds and asks`}`,
    ),
    line(''),
    line('What approvers should know', 'title'),
    ...plan.remarks.map((remark) => line(`  - ${remark}`, 'note')),
  ];
}

function gatedPhases(plan: CompiledPlan): readonly Phase[] {
  return PHASES.filter((phase) => plan.gates[phase]);
}

function phaseLines(plan: CompiledPlan, phase: Phase, describe: PreviewInput['describe']): readonly PreviewLine[] {
  const steps = plan.steps.filter((s) => s.phase === phase);
  const gate = plan.gates[phase];
  if (steps.length === 0 && !gate) return [];
  const last =
    phase === POINT_OF_NO_RETURN
      ? [line('  POINT OF NO RETURN: before it everything can be undone, after it only restored.', 'danger')]
      : [];
  return [
    line(''),
    line(`== ${phase}`, 'title'),
    ...last,
    ...(gate ? [line(`  gate: ${gateText(gate)}`, 'gate')] : []),
    ...steps.flatMap((step) => stepLines(step, describe(step))),
  ];
}

function gateText(gate: GateSpec): string {
  const facts = [
    requirementText(gate.require),
    ...(gate.excludeRequester ? ['not whoever started the run'] : []),
    gate.expiresMs === undefined ? 'waits for ever' : `waits ${formatDuration(gate.expiresMs)}, then: ${gate.onExpiry}`,
    ...(gate.window ? [`only from ${gate.window.from} to ${gate.window.to} ${gate.window.tz}`] : []),
    ...(gate.backupMaxAgeMs === undefined ? [] : [`backup not older than ${formatDuration(gate.backupMaxAgeMs)}`]),
  ];
  return facts.join('; ');
}

function stepLines(step: Step, described: Described): readonly PreviewLine[] {
  return [
    line(''),
    line(`  ${step.id}`, 'step'),
    line(`    ${described.sentence}`),
    ...described.notes.filter((note) => !isBack(note)).map((note) => line(`    . ${note}`, 'note')),
    ...scriptLines(described.statements, '    ', 'sql'),
    ...wayBack(step, described),
  ];
}

/** A note about the way back, which stands with it: `undo: ...`. */
const isBack = (note: string): boolean => note.startsWith('undo: ');

function wayBack(step: Step, { undo, notes }: Described): readonly PreviewLine[] {
  if (step.irreversible !== undefined) return [line(`    no way back: ${step.irreversible}`, 'danger')];
  const [said, ...more] = notes.filter(isBack);
  if (undo.length === 0) return [line(`    ${said ?? 'undo: nothing to take back'}`, 'undo')];
  return [
    line(`    ${said ?? 'undo:'}`, 'undo'),
    ...more.map((note) => line(`    ${note}`, 'undo')),
    ...scriptLines(undo, '      ', 'undo'),
  ];
}

/** Statements that follow each other under the same lock share the line that says it. */
function scriptLines(
  statements: readonly DescribedStatement[],
  indent: string,
  tone: PreviewLine['tone'],
): readonly PreviewLine[] {
  return statements.flatMap((statement, i) => [
    ...sqlLines(statement.sql, indent, tone),
    ...(statement.note === undefined ? [] : [line(`${indent}-- ${statement.note}`, 'note')]),
    ...(statements[i + 1]?.lock === statement.lock ? [] : [line(`${indent}-- lock: ${statement.lock}`, 'lock')]),
  ]);
}

function sqlLines(sql: string, indent: string, tone: PreviewLine['tone']): readonly PreviewLine[] {
  const text = sql.trim();
  const endsInComment = /(^|\n)\s*--[^\n]*$/.test(text);
  const ended = text.endsWith(';') || endsInComment ? text : `${text};`;
  return ended.split('\n').map((part) => line(`${indent}${part.replaceAll('\t', '  ').trimEnd()}`, tone));
}

function line(text: string, tone: PreviewLine['tone'] = 'plain'): PreviewLine {
  return { text, tone };
}
