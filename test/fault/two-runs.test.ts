import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compilePlanFile } from '../../src/plan/compile-file';
import { startRun } from '../../src/runtime/client';
import { statusQuery } from '../../workflows/messages';
import { claimOf, proveForward } from '../support/run-proofs';
import { Scenario, TEST_TUNING } from '../support/scenario';

jest.setTimeout(300_000);

test('two runs on one target: the second is refused by the name of the first, which goes on', async () => {
  await using run = await Scenario.open({ name: 'two-first' });
  await run.startWorker();
  await run.start([]);
  const first = await run.gate('expand');

  const second = await startAnother(run, 'two-second');
  expect(second.status).toBe('refused');
  const refusal = second.steps.find((s) => s.id === 'preflight/claim');
  expect(refusal?.status).toBe('failed');
  expect(refusal?.summary).toContain(`belongs to run ${first.run.id} of plan "two-first"`);
  expect(await claimOf(run)).toEqual({ run: first.run.id });

  const again = await run.tryStart();
  expect(again.ok ? '' : again.reason).toContain('A run of plan two-first on app is open already');

  run.approveFromNowOn(['expand', 'cutover', 'contract']);
  await run.ended();
  await proveForward(run);
});

async function startAnother(run: Scenario, name: string) {
  const file = join(run.stage.planFolder, 'second.yaml');
  await writeFile(
    file,
    (await readFile(join(run.stage.planFolder, 'plan.yaml'), 'utf8')).replace(/^name: .*$/m, `name: ${name}`),
  );
  const compiled = await compilePlanFile(file);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems));
  const input = { plan: compiled.plan, planDigest: compiled.digest, requestedBy: 'lead-1', tuning: TEST_TUNING };
  const started = await startRun({ temporal: run.temporal, taskQueue: run.taskQueue, input });
  if (!started.ok) throw new Error(started.reason);
  const handle = run.temporal.client.workflow.getHandle(started.workflowId);
  await handle.result();
  return handle.query(statusQuery);
}
