import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FenceState } from '../../activities/mongodb/fence/control';
import type { RefuseFreeze } from '../../src/core/freeze-args';
import type { Evidence } from '../../src/core/evidence';
import { freezeBench, type FreezeBench } from '../support/freeze-bench';
import { MONGO_PATIENCE } from '../support/mongo';
import { faultyMongo, type Fault, type FaultyMongo } from '../support/mongo-faults';
import { contentOf } from '../support/mongo-faults-run';

jest.setTimeout(90_000);

/** Of the client that a freeze works with. */
const NAME = 'cutover/runbook-0.0123abcd/freeze';
const LATE = { code: 64, errmsg: 'waiting for replication timed out' };

let faulty: FaultyMongo;
let bench: FreezeBench;

beforeAll(async () => {
  faulty = await faultyMongo();
}, MONGO_PATIENCE);

beforeEach(async () => {
  bench = await freezeBench();
}, MONGO_PATIENCE);

afterEach(async () => {
  await faulty.heal();
  await faulty.primary();
  await bench?.close();
});

afterAll(async () => {
  await faulty?.[Symbol.asyncDispose]();
});

describe('a primary that steps down', () => {
  test('behind the closed fence, for less than the budget: the freeze waits and commits', async () => {
    const frozen = freeze();
    await until('closed');
    await faulty.stepDown(2);
    await provePassed(await frozen);
  });

  test('behind the closed fence, for longer than the budget: all is put back once it is there again, the reason is said, and the next freeze passes', async () => {
    const before = await world();
    const frozen = freeze({ budgetMs: 2_500 });
    await until('closed');
    await faulty.stepDown(7);
    expect(await frozen).toMatchObject({
      type: 'FreezeFailed',
      message: expect.stringMatching(/(budget of 2500 ms|code 10107).* All was put back as before/s),
    });
    await proveBack(before);
  });

  test('as the switch is about to be committed: committed or put back, never half', async () => {
    const before = await world();
    bench.proving = () => faulty.stepDown(2);
    const outcome = await freeze();
    bench.proving = undefined;
    if (!(outcome instanceof Error)) return provePassed(outcome);
    expect(outcome).toMatchObject({ type: 'FreezeFailed', message: expect.stringMatching(/10107.*All was put back/s) });
    return proveBack(before);
  });

  test('right after the commit: there is only forward, and whoever comes next opens', async () => {
    const frozen = freeze();
    await until('switched');
    await faulty.stepDown(2);
    const outcome = await frozen;
    await provePassed(outcome instanceof Error ? await freeze() : outcome);
  });
});

describe('while the fence is closed', () => {
  test.each<[string, Fault, RegExp]>([
    [
      'a validator is answered that the server shuts down',
      { commands: ['collMod'], errorCode: 91 },
      /ShutdownInProgress, code 91/,
    ],
    ['a validator’s line is cut', { commands: ['collMod'], closeConnection: true }, /connection .* closed/],
    ['no majority has a validator', { commands: ['collMod'], writeConcernError: LATE }, /timed out.*code 64/],
    ['the sweep is not allowed any more', { commands: ['update'], errorCode: 13 }, /Unauthorized, code 13/],
    [
      'the server forgot its changes',
      { commands: ['getMore'], errorCode: 286 },
      /change stream cannot be followed.*code 286/,
    ],
    [
      'the cursor of the changes was killed',
      { commands: ['getMore'], errorCode: 237 },
      /change stream cannot be followed.*code 237/,
    ],
  ])('%s: all is put back, and the reason is said', async (_, fault, reason) => {
    if (fault.errorCode === 13) await bench.app.collection('leads').insertOne({ name: 'no tenant' });
    const before = await world();
    const frozen = freeze({ quietMs: 2_000 });
    await until('closed');
    await faulty.fail({ ...fault, appName: NAME, times: 1 });
    const outcome = await frozen;
    expect(outcome).toMatchObject({
      type: 'FreezeFailed',
      message: expect.stringMatching(new RegExp(`${reason.source}.* All was put back as before`, 's')),
    });
    expect(String(outcome)).not.toContain('mongodb://');
    expect(await world()).toEqual(before);
    await appMayWrite();
  });

  test('an answer that takes longer than the budget: the watchdog opens in time, all is put back, and the late write is of no harm', async () => {
    const before = await world();
    await bench.app.collection('leads').insertOne({ _id: 'late' as never, name: 'no tenant' });
    const frozen = freeze({ budgetMs: 2_000, quietMs: 600 });
    await until('closed');
    await faulty.fail({ commands: ['update'], appName: NAME, times: 1, blockMs: 4_000 });
    await until('open');
    await appMayWrite();
    expect(await frozen).toMatchObject({
      type: 'FreezeFailed',
      message: expect.stringMatching(/(budget of 2000 ms|not ours any more).* All was put back as before/s),
    });
    await bench.app.collection('leads').deleteOne({ _id: 'late' as never });
    await proveBack(before);
  });
});

describe('the commit of the switch', () => {
  test('whose answer is lost once is taken for what it was', async () => {
    bench.proving = () => faulty.fail({ commands: ['update'], appName: NAME, times: 1, closeConnection: true });
    await provePassed(await freeze());
  });

  test('that no majority has said to have stands: the next attempt opens to the new shape and does not switch again', async () => {
    bench.proving = () => faulty.fail({ commands: ['update'], appName: NAME, times: 1, writeConcernError: LATE });
    expect(await freeze()).toMatchObject({ message: expect.stringMatching(/timed out.*code 64/s) });
    expect(await bench.control.read()).toMatchObject({ state: 'switched' });
    bench.proving = undefined;
    await provePassed(await freeze());
  });
});

let over: Evidence | Error | undefined;

async function freeze(change: Partial<RefuseFreeze> = {}): Promise<Evidence | Error> {
  over = undefined;
  return (over = await bench.run.do(bench.step(change)).catch((error: unknown) => error as Error));
}

async function world(): Promise<unknown> {
  const { users } = await bench.db.command({ usersInfo: 'app' });
  return {
    build: await bench.build(),
    env: await readFile(join(bench.dir, 'app.env'), 'utf8'),
    roles: (users as readonly { readonly roles: readonly { role: string }[] }[])[0]?.roles.map((r) => r.role).sort(),
    content: await contentOf(bench.db, {}),
  };
}

async function until(state: FenceState): Promise<void> {
  await whileFreezing(async () => (await bench.control.read())?.state === state);
}

async function whileFreezing(reached: () => Promise<boolean>): Promise<void> {
  while (!(await reached())) {
    if (over !== undefined) throw new Error('The freeze was over before', { cause: over });
    await sleep(5);
  }
}

async function appMayWrite(): Promise<void> {
  const leads = bench.app.collection('leads');
  await expect(leads.insertOne({ name: 'flow', tenantId: 'default' })).resolves.toMatchObject({ acknowledged: true });
  await expect(leads.deleteOne({ name: 'flow' })).resolves.toMatchObject({ deletedCount: 1 });
}

async function provePassed(evidence: Evidence | Error): Promise<void> {
  expect(evidence).toMatchObject({ verdict: 'pass', figures: { tries: 1 } });
  expect(await bench.build()).toBe('v2');
  expect(await bench.control.read()).toMatchObject({ state: 'open', outcome: 'new', settled: true });
  expect(await bench.db.collection('leads').countDocuments({ tenantId: { $not: { $type: 'string' } } })).toBe(0);
  await appMayWrite();
}

async function proveBack(before: unknown): Promise<void> {
  await faulty.primary();
  expect(await world()).toEqual(before);
  await appMayWrite();
  await provePassed(await freeze());
}
