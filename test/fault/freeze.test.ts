import { inStep, lastCommit, once, takesLocks } from '../support/moments';
import { ledgerOf, proveForward } from '../support/run-proofs';
import { Scenario } from '../support/scenario';

jest.setTimeout(300_000);

const FREEZE = 'cutover/freeze';

test('a worker killed inside the freeze, and another at its COMMIT: all is as before or committed, and nobody was refused', async () => {
  await using run = await Scenario.open({ name: 'kill-freeze' });
  const first = await run.startWorker();
  await untilFrozen(run);
  await run.kill(first);
  await run.seen('the application’s tables unlocked', `SELECT WHERE NOT EXISTS (${LOCKED})`);
  expect(await flag(run)).toBe('off');

  run.proxy.setRule(once('hold-reply', inStep(FREEZE, 'do', lastCommit)));
  const second = await run.startWorker();
  await run.proxy.struck();
  await run.kill(second);
  await run.seen('the flag', `SELECT FROM app_settings WHERE key = 'tenancy' AND value = 'on'`);

  await run.startWorker();
  const state = await run.ended();
  expect(state.steps.find((s) => s.id === FREEZE)).toMatchObject({ status: 'done', verdict: 'pass' });
  const ends = (await ledgerOf(run)).filter((r) => r.step === FREEZE && r.event === 'end');
  expect(ends).toHaveLength(1);
  await proveForward(run);
});

test('a worker cut off inside the freeze: the server opens by itself within the budget, and nobody was refused', async () => {
  await using run = await Scenario.open({ name: 'dead-man', planChanges: [[/budget: 2s/, 'budget: 1s']] });
  const first = await run.startWorker();
  await untilFrozen(run);
  const from = performance.now();
  run.proxy.blackHole();
  await run.kill(first);
  await run.seen('the application’s tables unlocked', `SELECT WHERE NOT EXISTS (${LOCKED})`);
  expect(performance.now() - from).toBeLessThan(2_500);
  await run.startWorker();
  await run.ended();
  await proveForward(run);
});

/** Starts the run and holds it inside the freeze, all locks had. A try that lost a lock to the application is let go: its reply was an error. */
async function untilFrozen(run: Scenario): Promise<void> {
  const arm = (): void => run.proxy.setRule(once('hold-reply', inStep(FREEZE, 'do', takesLocks)));
  arm();
  await run.start();
  for (;;) {
    await run.proxy.struck();
    if (await locked(run)) return;
    arm();
    run.proxy.release();
  }
}

/** A lock that is to be had is had within the stall budget; the reply of a lost try comes within it, too. */
async function locked({ db }: Scenario): Promise<boolean> {
  const until = performance.now() + 300;
  while (performance.now() < until) if ((await db.query(LOCKED)).rows.length > 0) return true;
  return false;
}

const LOCKED = `SELECT FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE a.datname = current_database() AND a.usename = 'cutover'
  AND l.mode = 'AccessExclusiveLock' AND l.granted AND l.relation = 'public.users'::regclass`;

async function flag({ db }: Scenario): Promise<string> {
  const { rows } = await db.query<{ value: string }>(`SELECT value FROM app_settings WHERE key = 'tenancy'`);
  return rows[0]?.value ?? 'off';
}
