import { inStep, lastCommit, once, says } from '../support/moments';
import { ledgerOf, proveForward } from '../support/run-proofs';
import { Scenario } from '../support/scenario';
import { readFile } from 'node:fs/promises';

jest.setTimeout(120_000);

const KEY = 'expand/key-users';

test('a worker stopped past its heartbeat and woken again commits nothing: another attempt has done the step', async () => {
  await using run = await Scenario.open({ name: 'zombie-commit' });
  const first = await run.startWorker();
  run.proxy.setRule(once('hold', inStep(KEY, 'do', lastCommit)));
  await run.start();
  await run.proxy.struck();
  first.kill('SIGSTOP');
  await run.unstick();
  await run.startWorker();
  await run.finished(KEY);
  run.proxy.release();
  first.kill('SIGCONT');
  await run.ended();
  await proveTokens(run);
  await proveForward(run);
});

test('a worker stopped before it has said which token is its own, whose session nobody can find: the token alone keeps it out', async () => {
  await using run = await Scenario.open({ name: 'zombie-token' });
  const first = await run.startWorker();
  run.proxy.setRule(once('hold', inStep(KEY, 'do', says(/set_config\('application_name'/))));
  await run.start();
  await run.proxy.struck();
  first.kill('SIGSTOP');
  await run.unstick();
  await run.startWorker();
  await run.finished(KEY);
  run.proxy.release();
  first.kill('SIGCONT');
  await run.ended();
  expect(await readFile(run.workerLog, 'utf8')).toMatch(/was overtaken by a newer one/);
  await proveTokens(run);
  await proveForward(run);
});

/** Tokens only rise: no row was written under one that a later row's token had overtaken. */
async function proveTokens(run: Scenario): Promise<void> {
  const tokens = (await ledgerOf(run)).flatMap(({ body }) => {
    const token = body !== null && typeof body === 'object' && 'token' in body ? Number(body['token']) : Number.NaN;
    return Number.isNaN(token) ? [] : [token];
  });
  expect(tokens.length).toBeGreaterThan(0);
  expect(tokens).toEqual([...tokens].sort((a, b) => a - b));
}
