import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { findRuns } from '../runtime/find-runs';
import type { TemporalClient } from '../runtime/temporal';
import { parseWorkflowId, workflowIdFor } from '../runtime/workflow-id';
import { CliError } from './cli-error';
import { compiledPlan } from './compiled-plan';
import { EXIT } from './exit-codes';
import type { Io } from './shell';

export interface RunRefIn {
  readonly io: Io;
  readonly temporal: TemporalClient;
  /** A plan's name, a plan file, or a workflow id; undefined = the only one there is. */
  readonly given: string | undefined;
  /** Whether a run that has ended may be meant. */
  readonly closed: boolean;
}

/** Which run is meant. Never guesses between two. */
export async function findRun({
  io,
  temporal,
  given,
  closed,
}: RunRefIn): Promise<{ readonly workflowId: string; readonly home: string; readonly plan: string }> {
  const id = given === undefined ? undefined : parseWorkflowId(given);
  if (given !== undefined && id) return { workflowId: given, ...id };
  if (given !== undefined && isPlanFile(given, io.host.cwd())) {
    const { plan } = await compiledPlan(given, io);
    return { workflowId: workflowIdFor(plan.home, plan.name), home: plan.home, plan: plan.name };
  }
  const open = pick(await findRuns(temporal, { closed: false }), given);
  if (open.length === 1 && open[0]) return open[0];
  const all = closed && open.length === 0 ? pick(await findRuns(temporal, { closed: true }), given) : [];
  if (all.length === 1 && all[0]) return all[0];
  const several = [...open, ...all];
  if (several.length > 1) {
    throw new CliError(
      EXIT.usage,
      'Several runs fit; name one of them with --plan:',
      several.map((run) => `  ${run.workflowId}`),
    );
  }
  const which = given === undefined ? 'no run is open' : `no ${closed ? '' : 'open '}run of plan "${given}" is known`;
  throw new CliError(
    EXIT.usage,
    `There is nothing to look at: ${which} in namespace ${temporal.client.options.namespace}; start one with \`cutover start <plan file>\`.`,
  );
}

function pick<T extends { readonly plan: string }>(runs: readonly T[], plan: string | undefined): readonly T[] {
  return plan === undefined ? runs : runs.filter((run) => run.plan === plan);
}

function isPlanFile(text: string, cwd: string): boolean {
  return /\.(ya?ml|json)$/.test(text) || (text.includes('/') && existsSync(resolve(cwd, text)));
}
