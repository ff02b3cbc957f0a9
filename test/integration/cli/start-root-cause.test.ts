import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { projectRoot } from '../../../src/dev/project-root';
import { lastOutcome } from '../../../src/runtime/last-outcome';
import { testServers } from '../../support/servers';
import { WorkflowBench } from '../../support/workflow-bench';
import { cli, type Said } from '../../unit/cli/host';
import { temporaryFolder } from '../../unit/runtime/temp-file';

const folder = temporaryFolder();
const taskQueue = `root-cause-${process.pid}`;
let bench: WorkflowBench;

beforeAll(async () => {
  bench = await WorkflowBench.open({ taskQueue });
});
afterEach(() => bench.afterEach());
afterAll(() => bench.close());

function start(...words: readonly string[]): Promise<Said> {
  return cli(['start', 'plan.yaml', ...words], {
    env: { TEMPORAL_ADDRESS: testServers().temporal },
    cwd: folder.path,
  });
}

test('after a rollback `start` refuses by itself, with the command to type; with a root cause it starts', async () => {
  const run = await bench.start();
  const { name } = run.input.plan;
  cpSync(join(projectRoot(), 'examples', '003-client-id'), folder.path, { recursive: true });
  const plan = readFileSync(join(folder.path, 'plan.yaml'), 'utf8').replace(/^name: .*$/m, `name: ${name}`);
  writeFileSync(join(folder.path, 'plan.yaml'), plan);
  writeFileSync(join(folder.path, 'cutover.config.yaml'), `taskQueue: ${taskQueue}\n`);

  await run.untilOpen('expand');
  expect(await start()).toMatchObject({ code: 1, stderr: expect.stringContaining('is open already') });
  await run.must('rollback', 'lead-1');
  expect(await run.result()).toMatchObject({ status: 'rolled-back' });

  // Temporal's list of runs is told a moment later than the run itself.
  while ((await lastOutcome(bench.temporal, run.workflowId)) !== 'rolled-back') await pause(50);
  const said = await start();
  expect(said.code).toBe(1);
  expect(said.stderr).toContain(`The last run of plan ${name} on app was rolled back`);
  expect(said.stderr).toContain(
    'cutover start plan.yaml --as lead-1 --root-cause "<why it was, and what has changed>"',
  );
  const json = await start('--json');
  expect(JSON.parse(json.stdout)).toMatchObject({
    ok: false,
    exitCode: 1,
    next: expect.stringContaining('--root-cause'),
  });

  expect(await start('--root-cause', 'a drill; nothing was wrong')).toMatchObject({ code: 0 });
  await bench.temporal.client.workflow.getHandle(run.workflowId).terminate('the test is over');
});
