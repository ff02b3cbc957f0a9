import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { proveForward } from '../support/run-proofs';
import { Scenario } from '../support/scenario';

jest.setTimeout(300_000);

test('a long transaction before DDL: the step backs off, names pid, age and query, stalls nobody longer than its budget, and goes on when it ends', async () => {
  await using run = await Scenario.open({ name: 'long-transaction' });
  await run.startWorker();
  await run.start();
  await run.begun('backup/dump');
  const old = await connect(run, 'reporting');
  await old.query(`BEGIN; SELECT count(*) AS "report" FROM uploads WHERE file_name <> 'secret'`);
  const { rows } = await old.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  await run.begun('expand/key-uploads');
  const probe = startProbe(await connect(run, 'probe'));
  const doing = await eventualProgress(run, /waits for pid/);
  expect(doing).toContain(`expand/key-uploads waits for pid ${rows[0]?.pid} (reporting), open for `);
  expect(doing).toMatch(/open for \d+\.\d s, idle in transaction: /);
  expect(doing).not.toContain('secret');
  await sleep(1_500);
  const stalls = await probe.stop();
  expect(stalls.slowest).toBeLessThan(STALL_MS);
  expect((await run.state())?.hold).toBeUndefined();
  await old.end();
  await run.ended();
  await proveForward(run);
});

/** The budget of one try is 100 ms; the rest is this machine. Longer than deadlock_timeout (1 s) it may never be. */
const STALL_MS = 900;

test('FORCE ROW LEVEL SECURITY on a table of the plan: stopped in preflight, nothing touched', async () => {
  await using run = await Scenario.open({ name: 'force-rls' });
  await run.db.query(
    `ALTER TABLE uploads ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; CREATE POLICY everything ON uploads USING (true) WITH CHECK (true)`,
  );
  await run.startWorker();
  await run.start();
  const { hold, steps, phase } = await run.parked();
  expect(phase).toBe('preflight');
  expect(hold?.reason).toMatch(/FORCE ROW LEVEL SECURITY: expected on none of them, observed public\.uploads has it/);
  expect(steps.filter((s) => s.status !== 'pending').map((s) => s.id)).toEqual(['preflight/claim']);

  await run.db.query(
    'ALTER TABLE uploads NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY; DROP POLICY everything ON uploads',
  );
  await run.operate('retry');
  await run.ended();
  await proveForward(run);
});

async function connect({ stage }: Scenario, application_name: string): Promise<Client> {
  const client = new Client({ connectionString: stage.urls.app, application_name });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** Reads and writes the table all the time, as the application does. */
function startProbe(client: Client): { readonly stop: () => Promise<{ readonly slowest: number }> } {
  let stopped = false;
  let slowest = 0;
  const work = (async () => {
    while (!stopped) {
      const from = performance.now();
      await client.query('UPDATE uploads SET file_name = file_name WHERE id = (SELECT min(id) FROM uploads)');
      slowest = Math.max(slowest, performance.now() - from);
      await sleep(10);
    }
    await client.end();
  })();
  return {
    stop: async () => {
      stopped = true;
      await work;
      return { slowest };
    },
  };
}

/** What the activity under way last told, as the Temporal UI and `status` show it. */
async function eventualProgress(run: Scenario, pattern: RegExp): Promise<string> {
  for (const deadline = Date.now() + 20_000; Date.now() < deadline; await sleep(100)) {
    const doing = await run.progress();
    if (pattern.test(doing)) return doing;
  }
  throw new Error(`Nothing was told that matches ${pattern}; the run is ${await run.describe(await run.state())}`);
}
