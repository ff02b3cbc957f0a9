import type { CompiledPlan, GateSpec, NotifySpec } from '../core/plan';
import type { Phase } from '../core/phase';
import type { Step } from '../core/step';
import type { Artifact } from './artifacts';
import { compileCutover } from './compile-cutover';
import { compileExpand } from './compile-expand';
import { withLastManual } from './compile-manual';
import { compileMongo } from './compile-mongodb';
import { frameOf, type Frame } from './frame';
import { compilePreparation } from './compile-preparation';
import { compileProofs } from './compile-proofs';
import { qualified } from './identifiers';
import { remarksOf } from './remarks';
import type { PlanFile } from './schema/plan';

/**
 * The steps of a plan that has passed every check. The same plan and files give the same steps, ids and digest, on
 * whatever machine.
 */
export function compile(plan: PlanFile, artifacts: readonly Artifact[]): CompiledPlan {
  const frame = frameOf(plan, artifacts);
  const steps = withLastManual(plan, plan.engine === 'mongodb' ? compileMongo(frame) : compilePostgres(frame));
  return {
    version: 1,
    name: plan.name,
    environment: plan.environment,
    engine: plan.engine,
    home: plan.home,
    tables: frame.allTables,
    steps,
    gates: compileGates(plan),
    onFailure: compileOnFailure(plan),
    ...(plan.log ? { log: { table: qualified(plan.log.table), phase: plan.log.phase } } : {}),
    ...(plan.notify.length > 0 ? { notify: plan.notify.map(notifyOf) } : {}),
    remarks: remarksOf(frame),
  };
}

function compilePostgres(frame: Frame): readonly Step[] {
  return [...compilePreparation(frame), ...compileExpand(frame), ...compileProofs(frame), ...compileCutover(frame)];
}

function notifyOf({ webhook, on, every }: PlanFile['notify'][number]): NotifySpec {
  return { webhook, on, ...(every === undefined ? {} : { everyMs: every }) };
}

function compileGates(plan: PlanFile): Partial<Record<Phase, GateSpec>> {
  const gates: Partial<Record<Phase, GateSpec>> = {};
  for (const [phase, gate] of Object.entries(plan.gates) as [
    keyof PlanFile['gates'],
    PlanFile['gates'][keyof PlanFile['gates']],
  ][]) {
    if (!gate) continue;
    gates[phase] = {
      require: gate.require,
      onExpiry: gate.onExpiry,
      excludeRequester: gate.excludeRequester,
      ...(gate.expires === undefined ? {} : { expiresMs: gate.expires }),
      ...(gate.window === undefined ? {} : { window: gate.window }),
      ...(gate.backupMaxAge === undefined ? {} : { backupMaxAgeMs: gate.backupMaxAge }),
    };
  }
  return gates;
}

/** A breach that rolls back is a failure of observe that rolls back: said once in the plan, meant in both places. */
function compileOnFailure(plan: PlanFile): CompiledPlan['onFailure'] {
  const said = Object.fromEntries(Object.entries(plan.rollback.onFailure).filter(([, v]) => v !== undefined));
  return plan.phases.observe.breach.then === 'rollback' ? { ...said, observe: 'rollback' } : said;
}
