import { digestOf, type Digest } from './json';
import type { CompiledPlan } from './plan';
import { restoreWords } from './restore';
import { phaseIndex, type Phase } from './phase';
import type { GateEvidence, RunState } from './state';
import type { Facts } from './verb';

/**
 * What a decision is bound to: the plan, the verdicts that led here (by the hashes of their ledger rows) and the facts
 * that must still hold when the phase starts. Moving figures are shown beside it and not digested.
 */
export function gateEvidence(plan: CompiledPlan, state: RunState, phase: Phase, facts: Facts): GateEvidence {
  const verdicts = earlierVerdicts(plan, state, phase);
  const material = {
    plan: state.run.planDigest,
    people: state.people.digest,
    ...facts.material,
    verdicts: digestOf(verdicts),
  };
  return { digest: gateDigest(material), material, shown: { ...facts.shown, ...warnings(plan, state, phase) } };
}

/** The CLI recomputes this from what the status query shows: what a person sees is what the decision is bound to. */
export function gateDigest(material: Readonly<Record<string, string>>): Digest {
  return digestOf({ type: 'cutover.gate-evidence', material });
}

/** The names of the fields that differ, the old value and the new; empty when the evidence still holds. */
export function changedFields(before: GateEvidence, after: GateEvidence): readonly string[] {
  const names = new Set([...Object.keys(before.material), ...Object.keys(after.material)]);
  return [...names]
    .filter((name) => before.material[name] !== after.material[name])
    .sort()
    .map((name) => `${name} was ${before.material[name] ?? 'absent'} and is ${after.material[name] ?? 'absent'}`);
}

/** What approvers must not have to look for: what has no way back, what the checker could not prove, what was skipped. */
function warnings(plan: CompiledPlan, state: RunState, phase: Phase): Readonly<Record<string, string>> {
  const ahead = plan.steps.filter((s) => phaseIndex(s.phase) >= phaseIndex(phase));
  const next = ahead.find((s) => s.phase !== phase && plan.gates[s.phase]);
  const covered = next ? ahead.slice(0, ahead.indexOf(next)) : ahead;
  const fixed = covered.flatMap((s) => (s.irreversible ? [`${s.id}: ${s.irreversible}`] : []));
  const unsafe = covered.flatMap((s) =>
    s.kind === 'statements' && s.args.unsafe ? [`${s.id}: ${s.args.unsafe}`] : [],
  );
  const skipped = state.steps.flatMap((s) => (s.status === 'skipped' ? [`${s.id}, ${s.summary ?? ''}`] : []));
  const warned = state.steps.flatMap((s) =>
    Object.entries(s.figures ?? {}).flatMap(([name, text]) => (name.startsWith('warning ') ? [String(text)] : [])),
  );
  return {
    ...(fixed.length > 0 ? { noWayBack: listOf(fixed) } : {}),
    ...(unsafe.length > 0 ? { unsafe: listOf(unsafe) } : {}),
    ...(skipped.length > 0 ? { skipped: listOf(skipped) } : {}),
    ...(warned.length > 0 ? { warnings: listOf(warned) } : {}),
    ...(phase === 'contract'
      ? {
          pointOfNoReturn: `contract drops what an undo needs; after it only a restore of the backup leads back: ${restoreWords(plan)}`,
        }
      : {}),
  };
}

/** Displays give every entry a line of its own, at `; `: an entry that has one within would fall apart. */
function listOf(entries: readonly string[]): string {
  return entries.map((entry) => entry.replaceAll('; ', ', ')).join('; ');
}

function earlierVerdicts(plan: CompiledPlan, state: RunState, phase: Phase): readonly (readonly string[])[] {
  return plan.steps
    .filter((step) => phaseIndex(step.phase) < phaseIndex(phase))
    .map((step) => {
      const own = state.steps.find((s) => s.id === step.id);
      return [step.id, own?.status ?? 'pending', own?.verdict ?? '-', own?.evidenceHash ?? '-'];
    });
}
