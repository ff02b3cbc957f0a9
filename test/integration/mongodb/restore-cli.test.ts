import { mkdtemp, rm } from 'node:fs/promises';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient, type Db } from 'mongodb';
import { createActivities } from '../../../activities';
import type { RestoreAnswer } from '../../../src/core/restore';
import { workflowIdFor } from '../../../src/runtime/workflow-id';
import { freshMongo, MONGO_PATIENCE, type FreshMongo } from '../../support/mongo';
import { RestorableRun } from '../../support/mongo-restore';
import { testServers } from '../../support/servers';
import { WorkflowBench } from '../../support/workflow-bench';
import { cli as run, type FakeHost, type Said } from '../../unit/cli/host';

const ID = 'test-plan.0a1b2c3d';
const PLAN = 'test-plan';
const taskQueue = `restore-${process.pid}`;

let mongo: FreshMongo;
let client: MongoClient;
let db: Db;
let folder: string;
let bench: WorkflowBench;

beforeAll(async () => {
  mongo = await freshMongo();
  folder = await mkdtemp(join(tmpdir(), 'cutover-restore-cli-'));
  client = await new MongoClient(mongo.urls.tool).connect();
  db = client.db(mongo.database);
  await db.collection<{ _id: string }>('people').insertMany([{ _id: 'a' }, { _id: 'b' }]);
  const { tool: toolUrl, app: appUrl } = mongo.urls;
  const restorable = new RestorableRun({ toolUrl, appUrl, storeDir: folder, id: ID });
  await restorable.begin();
  await db.collection<{ _id: string }>('people').insertOne({ _id: 'late' });
  bench = await WorkflowBench.open({ taskQueue, activities: createActivities(restorable.resources) });
  writeFileSync(join(folder, 'cutover.config.yaml'), `taskQueue: ${taskQueue}\n`);
}, MONGO_PATIENCE);

afterAll(async () => {
  await bench?.close();
  await client?.close();
  await mongo?.close();
  if (folder) await rm(folder, { recursive: true, force: true });
});

function cli(argv: readonly string[], host: FakeHost = {}): Promise<Said> {
  return run(['restore', ...argv, '--home', 'app'], {
    ...{ env: { TEMPORAL_ADDRESS: testServers().temporal }, cwd: folder },
    ...host,
  });
}

it('is listed by the plan’s name, approved by its digest, refused while a workflow is open, and done', async () => {
  const shown = await cli([PLAN, '--json']);
  expect(shown).toMatchObject({ code: 0, stderr: '' });
  const { lost, list, file } = JSON.parse(shown.stdout) as RestoreAnswer;
  expect(list).toMatchObject({
    run: ID,
    total: 1,
    collections: [{ collection: 'people', inserted: 1, ids: ['"late"'] }],
  });
  expect(file).toMatch(/backup-dump-1\.lost-[0-9a-f]{12}\.json$/);

  const approved = [ID, '--lost', lost, '--by', 'lead-1', '--by', 'sre-1', '--comment', 'orders lost'];
  const handle = await bench.temporal.client.workflow.start('cutover', {
    ...{ workflowId: workflowIdFor('app', PLAN), taskQueue: `${taskQueue}-nobody`, args: [{}] },
  });
  expect(await cli([...approved, '--yes'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('is open') as string,
  });
  await handle.terminate('the test is over');

  expect(await cli([ID, '--lost', lost, '--by', 'lead-1', '--comment', 'x', '--yes'])).toMatchObject({
    ...{ code: 1, stderr: expect.stringMatching(/quorum of the gate before contract: .*sre.* wanting/) as string },
  });
  expect(await cli(approved)).toMatchObject({ code: 2, stderr: expect.stringContaining('--yes') as string });
  expect(await db.collection('people').countDocuments()).toBe(3);

  const done = await cli(approved, { types: 'app' });
  expect(done).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/ok {2}The database of "app" is again/) as string,
  });
  expect(await db.collection('people').countDocuments()).toBe(2);
  expect((await cli([PLAN])).stdout).toContain('Nothing would be lost');
}, 120_000);
