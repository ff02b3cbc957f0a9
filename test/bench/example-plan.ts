import { examplePath } from '../../examples/003-client-id/paths';
import type { Phase } from '../../src/core/phase';
import type { CompiledPlan } from '../../src/core/plan';
import type { Step } from '../../src/core/step';
import { compilePlanFile } from '../../src/plan/compile-file';

/** Runbook 003 as its example has it. */
export async function examplePlan(): Promise<CompiledPlan> {
  const compiled = await compilePlanFile(examplePath('plan.yaml'));
  if (compiled.ok) return compiled.plan;
  throw new Error(`The example's plan does not compile: ${JSON.stringify(compiled.problems)}`);
}

export function stepsIn(plan: CompiledPlan, ...phases: readonly Phase[]): readonly Step[] {
  return plan.steps.filter((s) => phases.includes(s.phase));
}

export function theStep(plan: CompiledPlan, id: string): Step {
  const step = plan.steps.find((s) => s.id === id);
  if (!step) throw new Error(`The example's plan has no step ${id}.`);
  return step;
}
