import { setTimeout as sleep } from 'node:timers/promises';
import { freezeBench, type FreezeBench } from '../../support/freeze-bench';
import { MONGO_PATIENCE } from '../../support/mongo';

jest.setTimeout(90_000);

const QUIET_MS = 1_500;
let bench: FreezeBench;

beforeEach(async () => {
  bench = await freezeBench();
  await bench.db.collection('sessions').createIndex({ seenAt: 1 }, { expireAfterSeconds: 3_600 });
  await bench.db
    .collection('tokens')
    .createIndex({ validUntil: 1 }, { expireAfterSeconds: 0, partialFilterExpression: { kept: false } });
}, MONGO_PATIENCE);

afterEach(() => bench?.close());

/** As root: what the server's own monitor does about once a minute, at a moment that this test chooses. */
async function deleteWhileListening(table: string, _id: string): Promise<void> {
  for (;;) {
    const found = await bench.control.read();
    if (found?.state === 'closed') break;
    await sleep(10);
  }
  await sleep(QUIET_MS / 2);
  await bench.db.collection(table).deleteOne({ _id: _id as never });
}

const HOUR = 3_600_000;

async function insert(table: string, _id: string, more: object): Promise<void> {
  await bench.db.collection(table).insertOne({ _id: _id as never, ...more });
}

test('what the server deletes by a TTL index while silence is listened for is nobody’s write: the freeze goes through', async () => {
  await insert('sessions', 'old', { seenAt: new Date(Date.now() - 2 * HOUR) });
  await insert('sessions', 'older', { seenAt: [new Date(), new Date(Date.now() - 2 * HOUR)] });
  await insert('tokens', 'spent', { validUntil: new Date(Date.now() - 1_000), kept: false });
  const deletes = Promise.all([
    deleteWhileListening('sessions', 'old'),
    deleteWhileListening('sessions', 'older'),
    deleteWhileListening('tokens', 'spent'),
  ]);
  const evidence = await bench.run.do(bench.step({ quietMs: QUIET_MS }));
  await deletes;
  expect(evidence.verdict).toBe('pass');
  expect(await bench.db.collection('sessions').countDocuments()).toBe(0);
});

test.each([
  ['sessions', { seenAt: new Date() }, 'what was deleted had not expired'],
  ['tokens', { validUntil: new Date(0), kept: true }, 'what was deleted had not expired'],
])(
  'a delete in %s of what no TTL index would delete yet is a writer’s: the freeze fails and says so',
  async (table, document, said) => {
    await insert(table, 'live', document);
    const deletes = deleteWhileListening(table, 'live');
    await expect(bench.run.do(bench.step({ quietMs: QUIET_MS }))).rejects.toMatchObject({
      type: 'FreezeFailed',
      message: expect.stringMatching(new RegExp(`delete in ${table}.*${table} has a TTL index, but ${said}.*put back`)),
    });
    await deletes;
  },
);

test('a delete in a collection without a TTL index is a writer’s, and so is any other write in one with it', async () => {
  await insert('ingested', 'any', {});
  const deletes = deleteWhileListening('ingested', 'any');
  const failed = expect(bench.run.do(bench.step({ quietMs: QUIET_MS }))).rejects.toMatchObject({
    message: expect.stringMatching(
      /delete in ingested\. Stop that writer too \(`freeze.quiet` of the plan\)\. All was put back/,
    ),
  });
  await Promise.all([deletes, failed]);
});
