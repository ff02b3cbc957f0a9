import { readdirSync, readFileSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { historyFromJSON, type History } from '@temporalio/common/lib/proto-utils';
import { type ReplayResult, Worker } from '@temporalio/worker';
import { MESSAGE_SAFETY } from '../../src/runtime/worker';
import { installQuietRuntime } from '../support/quiet-runtime';
import { HISTORIES } from '../support/record-history';
import { bundleOf, type TestBundle, workflowBundle } from '../support/workflow-bundle';

jest.setTimeout(120_000);

/** Recorded by `npm run histories` from test/integration/workflow; `name.2` is what `name` went on as. */
const FILES = readdirSync(HISTORIES)
  .filter((file) => file.endsWith('.json'))
  .map((file) => file.replace(/\.json$/, ''));

const PATHS = [
  'forward',
  'reject',
  'expiry',
  'expiry-rollback',
  'rollback-before-cutover',
  'rollback-after-cutover',
  'park-retry',
  'pause',
  'pause-observe',
  'cancel',
  'continued',
  'continued.2',
];

beforeAll(installQuietRuntime);

describe('a run that is open while a new version is rolled out', () => {
  let bundle: TestBundle;
  beforeAll(async () => {
    bundle = await workflowBundle();
  });

  test.each(FILES)("goes on: its history replays on today's workflow: %s", async (file) => {
    const { error } = await replay(bundle, file);
    if (error) throw error;
  });
});

describe('the recorded histories', () => {
  test('are there for every path of the runbook', () => {
    expect(FILES).toEqual(expect.arrayContaining(PATHS));
  });

  test('hold events beyond the first task, each', () => {
    for (const file of FILES) expect(history(file).events?.length).toBeGreaterThan(20);
  });

  test('are small and name no machine', () => {
    const bytes = FILES.map((file) => statSync(pathOf(file)).size).reduce((a, b) => a + b, 0);
    expect(bytes).toBeLessThan(1_200_000);
    for (const file of FILES) expect(readFileSync(pathOf(file), 'utf8')).not.toContain(`@${hostname()}`);
  });
});

describe('a workflow broken on purpose makes the replay fail', () => {
  test.each(['early-activity', 'late-timer'])('%s', async (broken) => {
    const bundle = await bundleOf(require.resolve(`./${broken}`));
    for (const file of ['forward', 'rollback-after-cutover']) {
      expect((await replay(bundle, file)).error?.name).toBe('DeterminismViolationError');
    }
  });
});

async function replay(workflowBundle: TestBundle, file: string): Promise<ReplayResult> {
  const histories = [{ workflowId: `cutover/app/${file}`, history: history(file) }];
  for await (const result of Worker.runReplayHistories({ workflowBundle, ...MESSAGE_SAFETY }, histories)) return result;
  throw new Error(`The history ${file} was not replayed.`);
}

function history(file: string): History {
  return historyFromJSON(JSON.parse(readFileSync(pathOf(file), 'utf8')));
}

function pathOf(file: string): string {
  return join(HISTORIES, `${file}.json`);
}
