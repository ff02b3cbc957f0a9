import { ENDED } from '../../src/core/state';
import { ledgerOf, proveBack, proveForward, schemaOf } from '../support/run-proofs';
import { Scenario } from '../support/scenario';

jest.setTimeout(300_000);

test('rollback, approve and cancel at the same moment: one of them is followed, and the run never turns forward again', async () => {
  await using run = await Scenario.open({ name: 'words-at-once' });
  const before = await schemaOf(run);
  await run.startWorker();
  await run.start(['expand']);
  const state = await run.gate('cutover');
  const handle = run.temporal.client.workflow.getHandle(run.workflowId);
  await Promise.all([
    run.approve(state, 'cutover'),
    run.operate('rollback'),
    handle.cancel(),
    run.operate('rollback', 'sre-1'),
    run.approve(state, 'cutover'),
  ]);

  run.approveFromNowOn(['contract']);
  for (;;) {
    const now = await run.until('an end or a hold', (s) => ENDED.includes(s.status) || s.hold !== undefined);
    if (ENDED.includes(now.status)) break;
    await run.operate('retry');
  }
  const end = await run.state();
  const verbs = (await ledgerOf(run)).filter((r) => r.event === 'start').map((r) => r.verb);
  expect(verbs.lastIndexOf('do')).toBeLessThan(verbs.includes('undo') ? verbs.indexOf('undo') : verbs.length);
  if (end?.status === 'rolled-back') await proveBack(run, before);
  else await proveForward(run);
  expect(['done', 'rolled-back']).toContain(end?.status);
});
