import { pollersOf } from '../runtime/pollers';
import type { Config } from '../runtime/config';
import { readRun } from '../runtime/read-run';
import type { TemporalClient } from '../runtime/temporal';
import { workflowIdFor } from '../runtime/workflow-id';
import { CliError } from './cli-error';
import { EXIT } from './exit-codes';
import { findRun } from './find-run';
import type { Io } from './shell';

/** A run as its ledger knows it, whether Temporal remembers it or not. */
export interface KnownRun {
  readonly home: string;
  /** A run's id, or the plan's name for its newest run. */
  readonly run: string;
  readonly workflowId: string;
}

export interface KnownRunIn {
  readonly plan?: string | undefined;
  readonly run?: string | undefined;
  readonly home?: string | undefined;
}

/** Which run of which target is meant: from what is given, else from what Temporal remembers. */
export async function knownRun(io: Io, temporal: TemporalClient, given: KnownRunIn): Promise<KnownRun> {
  const { run, home } = given;
  const plan = given.plan ?? (run === undefined ? undefined : planOfRun(run));
  const plain = plan !== undefined && /^[a-z0-9-]+$/.test(plan);
  if (home !== undefined && plan === undefined)
    throw new CliError(EXIT.usage, 'With --home also name the plan, or the run with --run <id>.');
  const found =
    home !== undefined && plan !== undefined && plain
      ? { home, plan }
      : await findRun({ io, temporal, given: plan, closed: true });
  if (home !== undefined && found.home !== home)
    throw new CliError(EXIT.usage, `${plan} has the home ${found.home}, not ${home}; take --home out.`);
  return { home: found.home, run: run ?? found.plan, workflowId: workflowIdFor(found.home, found.plan) };
}

/** @throws when its workflow is open: then the run itself is the one to talk to. */
export async function requireClosed(
  temporal: TemporalClient,
  { workflowId, run }: KnownRun,
  next: string,
): Promise<void> {
  const view = await readRun({ temporal, workflowId });
  if ((view.kind === 'live' || view.kind === 'dark') && view.seen.execution === 'RUNNING')
    throw new CliError(EXIT.refused, `The workflow ${workflowId} of ${run} is open; ${next} Nothing was done.`);
}

/** @throws when nobody could answer; the ledger is read, and claims are freed, by the worker. */
export async function requireWorker(temporal: TemporalClient, { taskQueue, temporal: at }: Config): Promise<void> {
  const { connection } = temporal;
  const { workers } = await pollersOf({ connection, namespace: at.namespace, taskQueue, now: Date.now() });
  if (workers.length === 0)
    throw new CliError(
      EXIT.noWorker,
      `No worker polls queue ${taskQueue}, and only the worker reaches the targets. Start one with \`cutover worker\`.`,
    );
}

/** `phase-1.0a1b2c3d` -> `phase-1`. */
function planOfRun(run: string): string {
  const dot = run.lastIndexOf('.');
  return dot > 0 ? run.slice(0, dot) : run;
}
