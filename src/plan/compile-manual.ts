import { PHASES, type Phase } from '../core/phase';
import type { Step } from '../core/step';
import { manualEntries, type Entry, type ManualStep } from './entries';
import type { PlanFile } from './schema/plan';

/** Something only people can do, as a step. */
export function manualStep({ home }: PlanFile, phase: Phase, entry: Entry<ManualStep>): Step {
  const { what, role } = entry.spec;
  return {
    id: `${phase}/manual-${manualName(entry)}`,
    phase,
    kind: 'manual',
    target: home,
    title: `By hand: ${what}${/[.!?]$/.test(what) ? '' : '.'}`,
    args: { what, role },
  };
}

/** Part of the step's id; the number where the plan gives no name. */
export function manualName({ spec, n }: Entry<ManualStep>): string {
  return spec.name ?? String(n);
}

/**
 * The manual steps of phases whose other steps the plan does not list stand behind these; in contract before the target
 * is let go. Never between a gate and the freeze that it allows: what was approved would grow old while people work. What
 * they must have done before belongs to an earlier phase, where its tick is evidence at the gate.
 */
export function withManualSteps(plan: PlanFile, steps: readonly Step[]): readonly Step[] {
  return PHASES.flatMap((phase) => {
    const own = steps.filter((s) => s.phase === phase);
    if (phase === 'expand' || phase === 'validate') return own;
    const manual = manualEntries(plan, phase).map((entry) => manualStep(plan, phase, entry));
    const last = phase === 'contract' ? own.slice(-1) : [];
    return [...own.slice(0, own.length - last.length), ...manual, ...last];
  });
}
