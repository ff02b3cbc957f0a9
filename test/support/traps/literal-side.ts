import { rollbackLiteral, runLiteral } from '../../../examples/003-client-id/runbook/run-literal';
import { checkWrites, type WritesReport } from '../../../examples/003-client-id/load/check-writes';
import { Scenario, type ScenarioOptions } from '../scenario';
import { NaiveReader, places, type Places } from './facts';
import { eventually, findParents, holdFunction, standsAt, startInserts, startProbe, waitingFor } from './probes';

/** What was seen while the runbook's script ran, literally, on a database under load. */
export interface LiteralSide {
  readonly run: Scenario;
  readonly placesBefore: Places;
  readonly naive: NaiveReader;
  /** After a try that somebody cancelled near its end: what is left to find out why. */
  readonly cancelled: { readonly logTable: boolean; readonly keyedTables: number };
  /** Tables whose insert or read waited for the script's transaction. */
  readonly waitedToWrite: readonly string[];
  readonly waitedToRead: readonly string[];
  /** Tables whose statement was answered before that transaction ended. */
  readonly answeredBefore: readonly string[];
}

export async function literalSide(options: ScenarioOptions): Promise<LiteralSide> {
  const run = await Scenario.open(options);
  try {
    return await watchScript(run);
  } catch (error) {
    await run[Symbol.asyncDispose]();
    throw error;
  }
}

async function watchScript(run: Scenario): Promise<LiteralSide> {
  const { db, stage } = run;
  await eventually('the load writes', async () => Number(stage.load.latest('progress')?.['ok'] ?? 0) > 0);
  const placesBefore = await places(run);
  const naive = await NaiveReader.open(run);
  const parents = await findParents(db);

  const first = await runUntilHeld(run);
  await db.query('SELECT pg_cancel_backend($1)', [first.pid]);
  await first.end();
  const cancelled = await whatIsLeft(run);

  const second = await runUntilHeld(run);
  const inserts = await startInserts(stage.urls.app, parents);
  const reads = [await startProbe(stage.urls.app, 'products', 'SELECT * FROM products LIMIT 1')];
  const probes = [...inserts, ...reads];
  await eventually('every statement waits or is through', async () => {
    const waiting = await waitingFor(db, second.pid, probes);
    return waiting.length + probes.filter((probe) => probe.settled()).length === probes.length;
  });
  const waitedToWrite = await waitingFor(db, second.pid, inserts);
  const waitedToRead = await waitingFor(db, second.pid, reads);
  const answeredBefore = probes.filter((probe) => probe.settled()).map((probe) => probe.table);
  const failure = await second.end();
  const answers = await Promise.all(probes.map((probe) => probe.done));
  if (failure !== undefined || answers.some((answer) => answer !== 'answered'))
    throw new Error(`The literal run did not go through: ${String(failure)}; probes: ${JSON.stringify(answers)}`);
  return { run, placesBefore, naive, cancelled, waitedToWrite, waitedToRead, answeredBefore };
}

/**
 * Version 2 of the application lives on it for a while, then the runbook's rollback script: what is left of the writes
 * that the application acknowledged. No archive was made, so none is asked.
 */
export async function rollBackLiterally({ run }: LiteralSide): Promise<WritesReport> {
  const { db, stage } = run;
  await db.query(`UPDATE app_settings SET value = 'on' WHERE key = 'tenancy'`);
  const ofSecond = `SELECT FROM uploads WHERE client_id <> (SELECT id FROM organizations WHERE slug = 'default-org')`;
  await run.seen('uploads of a second organisation', `${ofSecond} OFFSET 2`);
  await db.query(`UPDATE app_settings SET value = 'off' WHERE key = 'tenancy'`);
  for (let tries = 1; ; tries += 1) {
    const failure = await rollbackLiteral(stage.urls.owner).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (failure === undefined) break;
    if (tries === MOST_TRIES || !isDeadlock(failure)) throw failure;
  }
  await stage.load.stop();
  return checkWrites({ logFile: stage.writeLog, ownerUrl: stage.urls.superuser, expectKey: false });
}

interface Standing {
  /** Of the script's backend. */
  readonly pid: number;
  /** Lets it go on; answers with its error, or nothing, when it has ended. */
  readonly end: () => Promise<unknown>;
}

/**
 * The script, run up to its last function: all that it locks it holds by then. On the way there it may lose a deadlock
 * against the application, and with it everything it has done; whoever sits there starts it again.
 */
async function runUntilHeld({ db, stage }: Scenario): Promise<Standing> {
  for (let tries = 1; tries <= MOST_TRIES; tries += 1) {
    const hold = await holdFunction(stage.urls.owner);
    let failed: unknown;
    let over = false;
    const ended = runLiteral(stage.urls.owner)
      .then(
        () => undefined,
        (error: unknown) => (failed = error),
      )
      .finally(() => (over = true));
    let pid: number | undefined;
    await eventually('the script stands at its last function', async () => {
      pid = await standsAt(db, 'literal-runbook', hold);
      return pid !== undefined || over;
    });
    const end = async (): Promise<unknown> => {
      await hold.release();
      return ended;
    };
    if (pid !== undefined) return { pid, end };
    await end();
    if (!isDeadlock(failed)) throw failed;
  }
  throw new Error(`The literal script lost ${MOST_TRIES} deadlocks against the application.`);
}

async function whatIsLeft({ db }: Scenario): Promise<LiteralSide['cancelled']> {
  const { rows } = await db.query<{ log: boolean; keyed: number }>(
    `SELECT to_regclass('public.migration_log') IS NOT NULL AS log,
            (SELECT count(*)::int FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'client_id') AS keyed`,
  );
  return { logTable: rows[0]?.log ?? false, keyedTables: rows[0]?.keyed ?? 0 };
}

const isDeadlock = (error: unknown): boolean => (error as { code?: string } | undefined)?.code === '40P01';

const MOST_TRIES = 10;
