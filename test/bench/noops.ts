import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { connectTemporal } from '../../src/runtime/temporal';
import { activityTimes, type ActivityTime } from './verb-times';

export interface Noops {
  stop(): Promise<readonly ActivityTime[]>;
}

/** Bare activities on a worker of their own, a few every other second, while something else is measured on the same server. */
export async function startNoops(address: string, taskQueue: string): Promise<Noops> {
  if (Runtime._instance === undefined) Runtime.install({ logger: new DefaultLogger('WARN'), shutdownSignals: [] });
  bundle ??= bundleWorkflowCode({
    workflowsPath: require.resolve('./noop-workflow'),
    logger: new DefaultLogger('WARN'),
  });
  const workflowBundle = await bundle;
  const connection = await NativeConnection.connect({ address });
  const worker = await Worker.create({
    connection,
    taskQueue,
    workflowBundle,
    activities: { first: async () => undefined, noop: async () => undefined },
  });
  const running = worker.run();
  const temporal = await connectTemporal({ address, namespace: 'default' });
  const handle = await temporal.client.workflow.start('noops', { workflowId: taskQueue, taskQueue, args: [PAUSE_MS] });
  return {
    stop: async () => {
      await handle.signal('stop');
      await handle.result();
      const times = await activityTimes(temporal, taskQueue);
      worker.shutdown();
      await running;
      await connection.close();
      await temporal.close();
      return times.filter((t) => t.what === 'noop');
    },
  };
}

const PAUSE_MS = 1_500;
let bundle: ReturnType<typeof bundleWorkflowCode> | undefined;
