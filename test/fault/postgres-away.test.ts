import { closeAll } from '../../src/dev/on-exit';
import { silent } from '../../src/dev/progress';
import { openRunDir } from '../../src/dev/run-dir';
import { postgresFor, type PostgresAt } from '../../src/dev/servers';
import { inStep, once, takesLocks } from '../support/moments';
import { proveForward } from '../support/run-proofs';
import { Scenario } from '../support/scenario';
import { testServers } from '../support/servers';

jest.setTimeout(300_000);

let postgres: PostgresAt;

beforeAll(async () => {
  postgres = await postgresFor(openRunDir('fault-postgres'), silent);
});

afterAll(closeAll);

test('PostgreSQL crashed in expand, restarted inside the freeze and again in observe: the run goes on by itself', async () => {
  const { server, clients } = postgres;
  await using run = await Scenario.open({
    name: 'postgres-restart',
    servers: { temporal: testServers().temporal, superuserUrl: server.superuserUrl, clients },
  });
  await run.startWorker();
  run.proxy.setRule(once('hold-reply', inStep('cutover/freeze', 'do', takesLocks)));
  await run.start();
  await run.begun('expand/key-uploads');
  await server.restart('immediate');
  await run.reconnect();

  await run.proxy.struck();
  await server.restart('fast');
  await run.reconnect();
  run.proxy.release();

  await run.begun('observe/probes');
  await server.restart('immediate');
  await run.reconnect();
  await run.ended();
  await proveForward(run, { interrupted: true });
});

test('every connection of the tool reset again and again, and the database out of reach for a second: the run goes on by itself', async () => {
  await using run = await Scenario.open({ name: 'reset-connections' });
  await run.startWorker();
  run.proxy.setRule(once('reset', inStep('cutover/freeze', 'do', takesLocks)));
  await run.start();
  for (const step of [
    'backup/dump',
    'backup/drill',
    'expand/registry',
    'expand/key-users',
    'expand/index-idx_users_client',
    'backfill/members',
    'validate/recount',
  ]) {
    await run.begun(step);
    run.proxy.cutAll();
  }
  await run.begun('observe/probes');
  run.proxy.accept(false);
  run.proxy.cutAll();
  setTimeout(() => run.proxy.accept(true), 1_000);
  await run.ended();
  await proveForward(run);
});
