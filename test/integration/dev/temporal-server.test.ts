import { Connection } from '@temporalio/client';
import { silent } from '../../../src/dev/progress';
import { openRunDir, type RunDir } from '../../../src/dev/run-dir';
import { findOrBuildTemporal } from '../../../src/dev/temporal-binary';
import { startTemporal, type TemporalOptions } from '../../../src/dev/temporal-server';

let run: RunDir;
beforeAll(() => {
  run = openRunDir('temporal');
});
afterAll(() => run.close());

describe('the Temporal server', () => {
  it('is killed and comes back on its file and port, search attributes and workflows included', async () => {
    const options: TemporalOptions = {
      binary: await findOrBuildTemporal(silent),
      searchAttributes: { CutoverPhase: 'Keyword' },
      dbFilename: run.file('temporal.db'),
      logFile: run.file('logs', 'temporal.log'),
      headless: true,
    };
    const first = await startTemporal(options);
    await start(first.address, 'before');
    first.kill('SIGKILL');
    await first.exited;
    const second = await startTemporal({ ...options, port: Number(first.address.split(':')[1]) });
    expect(second.address).toBe(first.address);
    await expect(start(second.address, 'before')).rejects.toThrow(/already/i);
    await second.stop();
  }, 120_000);

  it('that cannot start shows the end of its log', async () => {
    const { path, version } = await findOrBuildTemporal(silent);
    const wanted = startTemporal({
      binary: { path, version },
      searchAttributes: {},
      dbFilename: run.file('logs'),
      logFile: run.file('logs', 'broken.log'),
      headless: true,
    });
    await expect(wanted).rejects.toThrow(/ended by itself with exit code 1\. The end of its log, .*broken\.log:\n.+/s);
  }, 120_000);
});

/** Starts a workflow that nobody runs: it only has to be remembered. */
async function start(address: string, workflowId: string): Promise<void> {
  const connection = await Connection.connect({ address });
  try {
    await connection.workflowService.startWorkflowExecution({
      namespace: 'default',
      workflowId,
      requestId: workflowId + String(Math.random()),
      workflowType: { name: 'nobody' },
      taskQueue: { name: 'nobody' },
    });
  } finally {
    await connection.close();
  }
}
