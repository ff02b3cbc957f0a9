import { NO_LOCK, type Statement } from '../../activities/postgres/statements/statement';
import { requirementText } from '../core/gate';
import type { Digest } from '../core/json';
import { PHASES, POINT_OF_NO_RETURN, type Phase } from '../core/phase';
import type { CompiledPlan } from '../core/plan';
import type { Step } from '../core/step';
import { durationText } from '../report/duration-text';
import { stepStatements } from '../runtime/step-statements';
import type { Output } from './output';

/** The whole plan as it would be carried out: gates, steps, statements, locks, the way back. */
export function renderPreview(out: Output, plan: CompiledPlan, digest: Digest): readonly string[] {
  return [
    out.paint('bold', `${plan.name} on ${plan.home} (${plan.environment}): ${plan.steps.length} steps`),
    `digest ${digest}`,
    ...plan.remarks.map((remark) => `${out.paint('yellow', 'note:')} ${remark}`),
    ...PHASES.flatMap((phase) => phaseLines(out, plan, phase)),
  ];
}

export function previewData(plan: CompiledPlan, digest: Digest): object {
  return {
    plan: plan.name,
    home: plan.home,
    environment: plan.environment,
    digest,
    remarks: plan.remarks,
    gates: plan.gates,
    steps: plan.steps.map((step) => ({
      id: step.id,
      phase: step.phase,
      kind: step.kind,
      target: step.target,
      title: step.title,
      ...(step.irreversible === undefined ? {} : { irreversible: step.irreversible }),
      ...stepStatements(step),
    })),
  };
}

function phaseLines(out: Output, plan: CompiledPlan, phase: Phase): readonly string[] {
  const steps = plan.steps.filter((step) => step.phase === phase);
  const gate = plan.gates[phase];
  if (steps.length === 0 && !gate) return [];
  return [
    '',
    out.paint('bold', `== ${phase}`),
    ...(phase === POINT_OF_NO_RETURN
      ? [out.paint('red', 'Point of no return: after it only a restore leads back.')]
      : []),
    ...(gate
      ? [
          out.paint(
            'yellow',
            `gate: ${requirementText(gate.require)}${gate.expiresMs === undefined ? '' : `, within ${durationText(gate.expiresMs)}, else ${gate.onExpiry}`}`,
          ),
        ]
      : []),
    ...steps.flatMap((step) => stepLines(out, step)),
  ];
}

function stepLines(out: Output, step: Step): readonly string[] {
  const { forward, back } = stepStatements(step);
  return [
    '',
    `${out.paint('cyan', step.id)}  ${step.title}`,
    ...forward.flatMap((statement) => statementLines(out, statement)),
    ...(step.irreversible === undefined
      ? wayBack(out, back)
      : [out.paint('red', `  no way back: ${step.irreversible}`)]),
  ];
}

function wayBack(out: Output, back: readonly Statement[]): readonly string[] {
  return back.length === 0
    ? []
    : [out.paint('dim', '  back:'), ...back.flatMap((statement) => statementLines(out, statement, '    '))];
}

/** A statement that nobody meets is shown without the remark: it would drown those that somebody does. */
function statementLines(out: Output, { sql, lock }: Statement, indent = '  '): readonly string[] {
  const met = lock === NO_LOCK ? [] : [out.paint('dim', `${indent}-- lock: ${lock}`)];
  return [
    ...sql
      .trim()
      .split('\n')
      .map((line) => `${indent}${line}`),
    ...met,
  ];
}
