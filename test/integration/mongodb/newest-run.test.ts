import { record } from '../../../activities/mongodb/ask';
import { ledgerIn } from '../../../activities/mongodb/lane/ledger';
import { newestRunBefore } from '../../../activities/mongodb/lane/newest-run';
import { openMongo, type MongoLink } from '../../../activities/mongodb/session';
import type { MongoTarget } from '../../../activities/resources';
import { rootCauseFindings } from '../../../activities/lane/root-cause';
import { freshMongo, MONGO_PATIENCE, type FreshMongo } from '../../support/mongo';
import { MongoTestRun } from '../../support/mongo-run';
import { workerResources } from '../../support/worker-resources';

let mongo: FreshMongo;
let link: MongoLink;

beforeAll(async () => {
  mongo = await freshMongo();
  link = await openMongo({ url: mongo.urls.tool, appName: 'test' });
}, MONGO_PATIENCE);

afterAll(async () => {
  await link?.[Symbol.asyncDispose]();
  await mongo?.close();
});

test('a start that was refused and aborted does not make the rollback before it forgotten; one that came to its end does', async () => {
  await run('11111111', 'rolled-back');
  await run('22222222', 'aborted');
  await run('33333333', 'refused');
  expect(await wanted()).toEqual([expect.stringContaining('run runbook-0.11111111 was rolled back')]);
  await run('44444444', 'done');
  expect(await wanted()).toEqual([]);
});

/** What a dry run is told, who cannot have said the cause. */
async function wanted(): Promise<readonly string[]> {
  const { ref } = new MongoTestRun(target());
  const asking = { ...ref, id: 'runbook-0.99999999' };
  const before = (store: ReturnType<typeof ledgerIn>) => newestRunBefore(link.lane, store, asking);
  return (await rootCauseFindings(ledgerIn(link.lane), { run: asking, before })).warnings ?? [];
}

/** A run that has claimed the target, ended so, and let go of it. */
async function run(hex: string, outcome: string): Promise<void> {
  const { ref } = new MongoTestRun(target());
  const own = new MongoTestRun(target(), { ...ref, id: `runbook-0.${hex}` });
  await own.claim();
  const note = { id: `n-${hex}`, event: 'finished', at: new Date().toISOString(), body: { outcome } } as const;
  await record(workerResources({ targets: [target()] }), { run: own.ref, expect: own.head, notes: [note] });
  await link.lane.collection('claim').updateMany({}, { $set: { run: null } });
}

function target(): MongoTarget {
  return { kind: 'mongodb', name: 'app', url: () => mongo.urls.tool, probeAs: () => mongo.urls.app };
}
