import { shortDigest } from '../core/json';
import { requirementText } from '../core/gate';
import type { CompiledPlan } from '../core/plan';
import { restoreWords } from '../core/restore';
import type { Step } from '../core/step';
import type { GateState, RunState } from '../core/state';
import type { Output } from './output';
import { table } from './table';

/** What an approver is shown: what the phase will do, what the decision is bound to, what moves beside it. */
export function renderGate(out: Output, plan: CompiledPlan, state: RunState, gate: GateState): readonly string[] {
  const evidence = gate.evidence;
  const spec = plan.gates[gate.phase];
  const steps = plan.steps.filter((step) => step.phase === gate.phase);
  return [
    out.paint('bold', `Gate before ${gate.phase} of ${plan.name} on ${plan.home} (${plan.environment})`),
    ...(gate.reopened ? [out.paint('yellow', `Asked again, because ${gate.reopened}.`)] : []),
    ...(gate.phase === 'contract'
      ? [
          out.paint(
            'red',
            `Point of no return: after it only a restore of the backup leads back: \`${restoreWords(plan)}\` shows what it would lose.`,
          ),
        ]
      : []),
    '',
    `This allows ${steps.length === 1 ? '1 step' : `${steps.length} steps`}:`,
    ...table(steps.map((step) => [step.id, step.title, wayBack(step)])),
    '',
    'The decision is bound to (a change asks again):',
    ...table(Object.entries(evidence?.material ?? {}).map(([name, value]) => [name, value])),
    ...(Object.keys(evidence?.shown ?? {}).length > 0
      ? ['', 'Seen when the gate opened (may move):', ...table(Object.entries(evidence?.shown ?? {}))]
      : []),
    '',
    ...verdictLines(plan, state, gate),
    `Asked for: ${spec ? requirementText(spec.require) : 'nobody'}. ${decidedText(gate)}`,
    `Evidence ${out.paint('bold', evidence?.digest ?? 'none')} (${shortDigest(evidence?.digest ?? '')})`,
  ];
}

function wayBack(step: Step): string {
  return step.irreversible === undefined ? '' : `IRREVERSIBLE: ${step.irreversible}`;
}

/** The newest verdicts that led here, those with figures or doubts first of all. */
function verdictLines(plan: CompiledPlan, state: RunState, gate: GateState): readonly string[] {
  const first = plan.steps.findIndex((step) => step.phase === gate.phase);
  const before = plan.steps
    .slice(0, first < 0 ? undefined : first)
    .map((step) => state.steps.find((s) => s.id === step.id));
  const told = before.flatMap((s) => (s?.verdict === undefined ? [] : [[s.id, s.verdict, s.summary ?? '']]));
  return told.length === 0 ? [] : ['Verdicts so far:', ...table(told), ''];
}

function decidedText(gate: GateState): string {
  const voices = gate.decisions.map(
    (d) => `${d.approver} (${d.roles.join(', ')}): ${d.decision}${d.comment ? `, "${d.comment}"` : ''}`,
  );
  return voices.length === 0 ? 'Nobody has decided yet.' : `Decided: ${voices.join('; ')}.`;
}
