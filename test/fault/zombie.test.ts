import { inStep, lastCommit, once, says } from '../support/moments';
import { ledgerOf, proveForward } from '../support/run-proofs';
import { Scenario } from '../support/scenario';

jest.setTimeout(300_000);

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
  const said = new Map<number, string[]>();
  const hold = once('hold', inStep(KEY, 'do', says(/set_config\('application_name'/)));
  run.proxy.setRule((message, talk) => {
    if (message.sql) said.set(talk.id, [...(said.get(talk.id) ?? []), message.sql]);
    return hold(message, talk);
  });
  await run.start();
  const { id } = await run.proxy.struck();
  first.kill('SIGSTOP');
  await run.unstick();
  await run.startWorker();
  await run.finished(KEY);
  run.proxy.release();
  first.kill('SIGCONT');
  await run.ended();
  const zombie = said.get(id)?.slice(said.get(id)?.indexOf('BEGIN')) ?? [];
  expect(zombie.slice(0, 2)).toEqual(['BEGIN', expect.stringContaining('FOR SHARE')]);
  expect(zombie.filter((sql) => sql === 'COMMIT' || /^\s*(INSERT|UPDATE|ALTER|CREATE)/.test(sql))).toEqual([]);
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
