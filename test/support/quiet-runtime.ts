import { DefaultLogger, makeTelemetryFilterString, Runtime } from '@temporalio/worker';

/** Once per process: tests fail activities and break workflows on purpose, and judge by the history, not by the log. */
export function installQuietRuntime(): void {
  if (Runtime._instance !== undefined) return;
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    shutdownSignals: [],
    telemetryOptions: {
      logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' }) },
    },
  });
}
