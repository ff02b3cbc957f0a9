import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { appUserOf } from '../../../activities/mongodb/fence/app-user';
import { fenceOf } from '../../../activities/mongodb/fence/fence-of';
import type { MongoTarget } from '../../../activities/resources';
import { freezeBench, type FreezeBench } from '../../support/freeze-bench';
import { MONGO_PATIENCE } from '../../support/mongo';

let bench: FreezeBench;

beforeAll(async () => {
  bench = await freezeBench();
}, MONGO_PATIENCE);

afterAll(async () => bench?.close());

/** What a worker leaves that is killed while it closes the fence of a switch back. */
async function lostWhileClosing(): Promise<void> {
  const app = appUserOf(bench.resources.target('app') as MongoTarget);
  const { db, resources } = bench;
  const tables = ['leads', 'deals'];
  const signal = new AbortController().signal;
  const fence = fenceOf({ mechanism: 'role' }, { db, tables, resources, signal, ...(app ? { app } : {}) });
  const captured = await fence.capture();
  const last = await bench.control.read();
  const freeze = randomUUID();
  await bench.control.begin(
    {
      ...{ freeze, tables, run: bench.run.ref.id, step: 'cutover/freeze', spec: { mechanism: 'role' } },
      ...{ direction: 'back', acts: 2, lost: 0, round: 1 },
      captured: JSON.stringify(captured),
      shape: last?.shape ?? '[]',
    },
    60_000,
  );
  await bench.control.closing(freeze, 60_000);
  await fence.close(captured);
}

test('a switch back that was lost before it had archived anything is begun anew: no key of another tenant goes unkept to the previous build', async () => {
  await bench.run.do(bench.step());
  expect(await bench.build()).toBe('v2');
  await bench.app.collection('leads').insertOne({ name: 'of acme', tenantId: 'acme' });
  await lostWhileClosing();
  const evidence = await bench.run.undo(bench.step());
  expect(evidence).toMatchObject({ verdict: 'pass', figures: { keysKept: 1, refused: 3 } });
  const archive = bench.db.client.db(`cutover_${bench.mongo.database}`).collection('archive');
  expect(await archive.countDocuments({ '_id.run': bench.run.ref.id, '_id.table': 'leads', key: 'acme' })).toBe(1);
  expect(await bench.build()).toBe('v1');
  expect(await readFile(join(bench.dir, 'app.env'), 'utf8')).toMatch(/MULTI_TENANT=0/);
  await expect(bench.app.collection('leads').insertOne({ name: 'no tenant' })).resolves.toMatchObject({
    acknowledged: true,
  });
  expect((await bench.run.undo(bench.step())).summary).toMatch(/switched back already/);
}, 90_000);
