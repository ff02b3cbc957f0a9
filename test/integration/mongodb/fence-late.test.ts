import { randomUUID } from 'node:crypto';
import { appUserOf } from '../../../activities/mongodb/fence/app-user';
import { capturedOf, type FenceDocument } from '../../../activities/mongodb/fence/control';
import { openExpiredFences } from '../../../activities/mongodb/fence/expired';
import type { Fence } from '../../../activities/mongodb/fence/fence';
import { fenceOf } from '../../../activities/mongodb/fence/fence-of';
import { hold, type FreezeContext } from '../../../activities/mongodb/fence/held';
import { openAfterOthers } from '../../../activities/mongodb/fence/late-close';
import { openToNew, openToOld } from '../../../activities/mongodb/fence/open-fence';
import { checksOf } from '../../../activities/mongodb/fence/shape';
import type { MongoTarget } from '../../../activities/resources';
import { done } from '../../../src/core/evidence';
import type { FenceSpec } from '../../../src/core/freeze-args';
import { freezeBench, type FreezeBench } from '../../support/freeze-bench';
import { MONGO_PATIENCE } from '../../support/mongo';

let bench: FreezeBench;

beforeEach(async () => {
  bench = await freezeBench();
}, MONGO_PATIENCE);

afterEach(async () => bench?.close());

const ground = () => {
  const app = appUserOf(bench.resources.target('app') as MongoTarget);
  const signal = new AbortController().signal;
  return { db: bench.db, tables: ['leads', 'deals'], resources: bench.resources, signal, ...(app ? { app } : {}) };
};

/** A freeze up to the moment before its fence closes. */
async function closing(spec: FenceSpec): Promise<{ readonly freeze: string; readonly fence: Fence }> {
  const fence = fenceOf(spec, ground());
  const freeze = randomUUID();
  const shape = await checksOf(
    bench.db,
    ['leads', 'deals'].map((table) => ({ table, column: 'tenantId' })),
  );
  await bench.control.begin(
    {
      ...{ freeze, spec, run: bench.run.ref.id, step: 'cutover/freeze', tables: ['leads', 'deals'] },
      ...{ direction: 'forward', acts: 0, lost: 0, round: 1 },
      captured: JSON.stringify(await fence.capture()),
      shape: JSON.stringify(shape),
    },
    60_000,
  );
  await bench.control.closing(freeze, 60_000);
  return { freeze, fence };
}

async function found(): Promise<FenceDocument> {
  const document = await bench.control.read();
  if (document) return document;
  throw new Error('There is no control document.');
}

/** All of a freeze, to the committed switch and the opening. */
async function through(spec: FenceSpec): Promise<void> {
  const { freeze, fence } = await closing(spec);
  await fence.close(capturedOf(await found()));
  await bench.control.closed(freeze);
  await bench.control.commitSwitch(freeze, {});
  await openToNew(bench.control, ground(), await found(), 'the test');
}

async function appMayWrite(): Promise<void> {
  const leads = bench.app.collection('leads');
  await expect(leads.insertOne({ name: 'flow', tenantId: 'default' })).resolves.toMatchObject({ acknowledged: true });
  await expect(leads.deleteOne({ name: 'flow' })).resolves.toMatchObject({ deletedCount: 1 });
}

async function insideAFreeze(work: (held: Parameters<Parameters<typeof hold>[2]>[0]) => Promise<void>): Promise<void> {
  await bench.run.do({
    ...bench.step(),
    handler: {
      do: (context) =>
        hold(bench.resources, context as unknown as FreezeContext, async (held) => {
          await work(held);
          return done('held');
        }),
      undo: () => Promise.resolve(done('nothing')),
    },
  });
}

test('a worker that comes to close when another freeze has been through opens what it closed', async () => {
  const late = await closing({ mechanism: 'role' });
  const captured = capturedOf(await found());
  await openToOld(bench.control, ground(), { freeze: late.freeze, when: 'now', by: 'the next attempt' });
  await bench.control.settle(late.freeze);
  await through({ mechanism: 'role' });
  await bench.control.settle((await found()).freeze);
  await late.fence.close(captured);
  await expect(bench.app.collection('leads').insertOne({ tenantId: 'default' })).rejects.toMatchObject({ code: 13 });
  await expect(bench.control.closed(late.freeze)).rejects.toThrow(/taken its place/);
  await insideAFreeze((held) => openAfterOthers(held, late.freeze));
  await appMayWrite();
});

test('a worker that comes to close while another freeze stands leaves that one alone', async () => {
  const late = await closing({ mechanism: 'role' });
  await openToOld(bench.control, ground(), { freeze: late.freeze, when: 'now', by: 'the next attempt' });
  await bench.control.settle(late.freeze);
  const next = await closing({ mechanism: 'role' });
  await next.fence.close(capturedOf(await found()));
  await insideAFreeze((held) => openAfterOthers(held, late.freeze));
  await expect(bench.app.collection('leads').insertOne({ tenantId: 'default' })).rejects.toMatchObject({ code: 13 });
});

test('a fence by validator that closed late after the switch opens to the new validators, never to the old ones', async () => {
  await through({ mechanism: 'validator' });
  await fenceOf({ mechanism: 'validator' }, ground()).close(capturedOf(await found()));
  await openExpiredFences(bench.resources, bench.resources.log);
  await appMayWrite();
  for (const table of ['leads', 'deals'])
    await expect(bench.app.collection(table).insertOne({ name: 'late' })).rejects.toMatchObject({ code: 121 });
});

test('a worker that dies while it opens leaves the fence standing for seconds, not for its whole budget', async () => {
  const { freeze } = await closing({ mechanism: 'role' });
  await bench.control.startOpening(freeze, 'now');
  const { until } = await found();
  expect(until.getTime() - (await bench.control.now()).getTime()).toBeLessThanOrEqual(10_000);
});

test('a worker that dies after the switch is committed leaves the fence standing for seconds, not for its whole budget', async () => {
  const { freeze, fence } = await closing({ mechanism: 'role' });
  await fence.close(capturedOf(await found()));
  await bench.control.closed(freeze);
  await bench.control.commitSwitch(freeze, {});
  const { until } = await found();
  expect(until.getTime()).toBeLessThanOrEqual((await bench.control.now()).getTime());
});
