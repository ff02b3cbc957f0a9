import type { Phase } from '../../../src/core/phase';
import type { RunState } from '../../../src/core/state';
import { sendDecision } from '../../../src/runtime/client';
import { schemaOf } from '../run-proofs';
import { Scenario, type ScenarioOptions } from '../scenario';
import { NaiveReader, places, type Places } from './facts';
import {
  eventually,
  findParents,
  holdFunction,
  holdWith,
  standsAt,
  startInserts,
  startProbe,
  type Probe,
} from './probes';

/** The same database under the same load, migrated by a run of ours up to the gate before contract. */
export interface ToolSide {
  readonly run: Scenario;
  readonly schemaBefore: string;
  readonly placesBefore: Places;
  readonly naive: NaiveReader;
  /** At the gate before expand, after everybody but the one who may has tried. */
  readonly ungated: { readonly refusals: readonly string[]; readonly state: RunState; readonly schema: string };
  /** Tables that took an insert while the run stood at the very place where the runbook's script held everything. */
  readonly wroteMeanwhile: readonly string[];
  /** Whether an insert went through while the run built an index on its table. */
  readonly wroteBesideIndex: boolean;
}

export async function toolSide(options: ScenarioOptions): Promise<ToolSide> {
  const run = await Scenario.open(options);
  try {
    return await watchRun(run);
  } catch (error) {
    await run[Symbol.asyncDispose]();
    throw error;
  }
}

async function watchRun(run: Scenario): Promise<ToolSide> {
  const { db, stage } = run;
  await eventually('the load writes', async () => Number(stage.load.latest('progress')?.['ok'] ?? 0) > 0);
  const schemaBefore = await schemaOf(run);
  const placesBefore = await places(run);
  const naive = await NaiveReader.open(run);
  const parents = await findParents(db);
  await run.startWorker();
  await run.start([]);
  const ungated = await tryWithoutTheDba(run, await run.until('the gate before expand', atGate('expand')));

  const hold = await holdFunction(stage.urls.owner);
  run.approveFromNowOn(['expand', 'cutover']);
  await eventually('the run stands at its functions', async () => (await standsAt(db, TOOL, hold)) !== undefined);
  const inserts = await startInserts(stage.urls.app, parents);
  await eventually('the inserts are through', async () => inserts.every((insert) => insert.settled()));
  const wroteMeanwhile = await answered(inserts);
  // It waits a tenth of a second at a time, so a cancel may miss it.
  await eventually('a cancelled attempt is in migration_log', async () => {
    await db.query('SELECT pg_cancel_backend($1)', [await standsAt(db, TOOL, hold)]);
    const failed = `SELECT FROM migration_log WHERE operation = 'expand/sql-functions' AND status = 'failed'`;
    return ((await db.query(failed)).rowCount ?? 0) > 0;
  });

  const writer = await holdWith(stage.urls.app, `INSERT INTO products (ean, name) VALUES ('1', 'still open')`);
  await hold.release();
  await eventually('an index build waits for the writer', async () => (await standsAt(db, TOOL, writer)) !== undefined);
  const beside = await startProbe(stage.urls.app, 'products', `INSERT INTO products (ean, name) VALUES ('1', 'probe')`);
  const wroteBesideIndex = (await beside.done) === 'answered' && (await standsAt(db, TOOL, writer)) !== undefined;
  await writer.release();

  await run.until('the gate before contract', atGate('contract'), 300_000);
  return { run, schemaBefore, placesBefore, naive, ungated, wroteMeanwhile, wroteBesideIndex };
}

const TOOL = 'cutover/%';

async function tryWithoutTheDba(run: Scenario, state: RunState): Promise<ToolSide['ungated']> {
  const gate = state.gates.find((one) => one.phase === 'expand');
  const { temporal, workflowId } = run;
  const refusals: string[] = [];
  for (const approver of ['lead-1', 'sre-1', 'somebody']) {
    const message = {
      gate: 'expand',
      nonce: gate?.nonce ?? '',
      planDigest: state.run.planDigest,
      evidenceDigest: gate?.evidence?.digest ?? '',
      decision: 'approve' as const,
      approver,
    };
    const sent = await sendDecision({ temporal, workflowId, message });
    refusals.push(sent.outcome === 'refused' ? sent.reason : `${approver}: ${sent.outcome}`);
  }
  refusals.push(await approveByForce(run, gate?.evidence?.digest ?? ''));
  return { refusals, state: (await run.state()) ?? state, schema: await schemaOf(run) };
}

/** What the command line says to somebody who has not the role and skips its questions. */
async function approveByForce(run: Scenario, evidence: string): Promise<string> {
  const args = ['--plan', run.plan.name, '--as', 'sre-1', '--force', '--evidence', evidence];
  const { code, stdout, stderr } = await run.cli('approve', 'expand', ...args);
  return `exit code ${code}: ${stdout}${stderr}`;
}

const atGate =
  (phase: Phase) =>
  (state: RunState): boolean =>
    state.gates.some((gate) => gate.phase === phase && gate.status === 'open');

async function answered(probes: readonly Probe[]): Promise<readonly string[]> {
  const answers = await Promise.all(probes.map(async (probe) => ({ table: probe.table, answer: await probe.done })));
  return answers.filter(({ answer }) => answer === 'answered').map(({ table }) => table);
}
