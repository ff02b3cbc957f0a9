import { PHASES, type Phase } from '../core/phase';
import type { Step } from '../core/step';
import { lastManual, manualEntries, type Entry, type ManualStep } from './entries';
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
 * What people do when all else of a phase is done stands last; in contract before the target is let go. Never between a
 * gate and the freeze that it allows: what was approved would grow old while people work. What they must have done before
 * belongs to an earlier phase, where its tick is evidence at the gate.
 */
export function withLastManual(plan: PlanFile, steps: readonly Step[]): readonly Step[] {
  return PHASES.flatMap((phase) => {
    const own = steps.filter((s) => s.phase === phase);
    const places = lastManual(plan, phase).map(({ at }) => at.join('.'));
    const manual = manualEntries(plan, phase)
      .filter(({ at }) => places.includes(at.join('.')))
      .map((entry) => manualStep(plan, phase, entry));
    const last = phase === 'contract' ? own.slice(-1) : [];
    return [...own.slice(0, own.length - last.length), ...manual, ...last];
  });
}
