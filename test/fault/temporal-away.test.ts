import { SEARCH_ATTRIBUTES } from '../../src/core/search-attributes';
import { closeAll } from '../../src/dev/on-exit';
import { freePort } from '../../src/dev/ports';
import { silent } from '../../src/dev/progress';
import { openRunDir } from '../../src/dev/run-dir';
import { findOrBuildTemporal } from '../../src/dev/temporal-binary';
import { startTemporal, type TemporalServer } from '../../src/dev/temporal-server';
import { proveForward } from '../support/run-proofs';
import { Scenario } from '../support/scenario';
import { testServers } from '../support/servers';

jest.setTimeout(300_000);

afterAll(closeAll);

test('the Temporal server killed in expand and at an open gate, and restarted on its file: the gate is still open, and the run finishes', async () => {
  const start = await temporalOnFile();
  let temporal = await start();
  const again = async (): Promise<void> => {
    temporal.kill('SIGKILL');
    await temporal.exited;
    temporal = await start();
  };
  await using run = await Scenario.open({
    name: 'temporal-restart',
    servers: { ...testServers(), temporal: temporal.address },
  });
  await run.startWorker();
  await run.start(['expand']);
  await run.begun('expand/key-products');
  await again();

  const before = await run.gate('cutover');
  await again();
  const after = await run.gate('cutover');
  expect(after.gates.find((g) => g.phase === 'cutover')).toEqual(before.gates.find((g) => g.phase === 'cutover'));
  run.approveFromNowOn(['cutover', 'contract']);
  await run.ended();
  await proveForward(run);
});

/** Starts a server on always the same port and file. */
async function temporalOnFile(): Promise<() => Promise<TemporalServer>> {
  const runDir = openRunDir('fault-temporal');
  const binary = await findOrBuildTemporal(silent);
  const port = await freePort();
  return () =>
    startTemporal({
      binary,
      port,
      headless: true,
      dbFilename: runDir.file('temporal.db'),
      searchAttributes: Object.fromEntries(SEARCH_ATTRIBUTES.map((a) => [a.name, 'Keyword' as const])),
      logFile: runDir.file('logs', 'temporal.log'),
    });
}
