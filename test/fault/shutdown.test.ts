import { Client } from 'pg';
import { proveForward } from '../support/run-proofs';
import { Scenario } from '../support/scenario';

jest.setTimeout(300_000);

test('a worker told to end in the middle of a step: it ends cleanly, leaves nothing running, and another goes on', async () => {
  await using run = await Scenario.open({ name: 'shutdown' });
  const first = await run.startWorker();
  await run.start();
  await run.finished('expand/sql-functions');
  const old = new Client({ connectionString: run.stage.urls.owner, application_name: 'somebody-else' });
  await old.connect();
  await old.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM app_settings');
  await run.seen(
    'the build',
    `SELECT FROM pg_stat_progress_create_index WHERE datname = current_database() AND phase = 'waiting for old snapshots'`,
  );
  first.kill('SIGTERM');
  await run.unstick();
  expect(await first.exited).toEqual({ code: 0, signal: null });
  await run.seen(
    'no session of the tool',
    `SELECT WHERE NOT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND usename = 'cutover')`,
  );
  await old.end();
  await run.startWorker();
  await run.ended();
  await proveForward(run);
});
