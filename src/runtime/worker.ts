import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { makeTelemetryFilterString, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import type { Logger } from 'pino';
import { createActivities } from '../../activities';
import { openExpiredFences } from '../../activities/mongodb/fence/expired';
import type { People } from '../core/people';
import { BUNDLE_PATH, PAYLOAD_CONVERTER_PATH } from './bundle-path';
import type { Config } from './config';
import { temporalLogger } from './logger';
import { loadPeople } from './people';
import { createResources, secretProblems } from './resources';
import { ensureSearchAttributes } from './search-attributes';
import { requireServerVersion } from './server-version';
import { collectGarbage, keepHeapSmall } from './small-heap';
import { connectionOptions, requireNamespace, unreachable } from './temporal';

export interface WorkerOptions {
  readonly config: Config;
  readonly log: Logger;
  /** Workflow bundle; default: the one that the build made. */
  readonly bundle?: string;
  /** Default: the config's people file. */
  readonly people?: string;
  /** Create missing search attributes. */
  readonly register?: boolean;
  /** Ends the worker: running activities are told, and have 10 s before they are cancelled. */
  readonly signal: AbortSignal;
  /** Called once, when everything is checked and the worker polls. */
  readonly onReady?: (ready: WorkerReady) => void;
}

export interface WorkerReady {
  readonly taskQueue: string;
  readonly address: string;
  readonly namespace: string;
  readonly identity: string;
  readonly targets: readonly string[];
  readonly people: number;
  readonly registered: readonly string[];
  readonly serverVersion: string;
}

/**
 * Checks all that can be checked (bundle, secrets, people, server, search attributes), then polls until `signal` aborts
 * and everything under way has ended.
 *
 * @throws before the first poll when something is wrong; the message lists all of it.
 */
export async function runWorker(options: WorkerOptions): Promise<void> {
  const { config, log } = options;
  const people = await checkOwnFiles(options);
  keepHeapSmall();
  installRuntime(log);
  const connection = await NativeConnection.connect(connectionOptions(config.temporal)).catch((error: unknown) => {
    throw unreachable(config.temporal, error);
  });
  try {
    const { address, namespace } = config.temporal;
    await requireNamespace(connection, config.temporal);
    const serverVersion = await requireServerVersion(connection);
    const registered = await ensureSearchAttributes({
      connection,
      address,
      namespace,
      register: options.register ?? false,
    });
    const worker = await createWorker(options, connection);
    collectGarbage();
    const stop = (): void => {
      if (worker.getState() === 'RUNNING') worker.shutdown();
    };
    options.signal.addEventListener('abort', stop, { once: true });
    const running = worker.run();
    if (options.signal.aborted) stop();
    options.onReady?.({
      taskQueue: config.taskQueue,
      address,
      namespace,
      identity: worker.options.identity,
      targets: Object.keys(config.targets).sort(),
      people: Object.keys(people.roles).length,
      registered,
      serverVersion,
    });
    await running.finally(() => options.signal.removeEventListener('abort', stop));
  } finally {
    await connection.close();
  }
}

/** Problems of several files at once: whoever sets a worker up mends them in one go. */
async function checkOwnFiles({ config, bundle, people }: WorkerOptions): Promise<People> {
  const problems: string[] = [];
  const path = bundle ?? BUNDLE_PATH;
  if (!existsSync(path)) problems.push(`The workflow bundle ${path} is missing; build it with \`npm run build\`.`);
  if (Object.keys(config.targets).length === 0)
    problems.push(`The config names no targets; add \`targets\` to ${config.file ?? 'cutover.config.yaml'}.`);
  problems.push(...secretProblems(config));
  let read: People | undefined;
  try {
    read = await loadPeople(people ?? config.people);
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error));
  }
  if (problems.length > 0 || read === undefined)
    throw new Error(`The worker cannot start:\n${problems.map((p) => `- ${p}`).join('\n')}`);
  return read;
}

async function createWorker(
  { config, log, bundle, people }: WorkerOptions,
  connection: NativeConnection,
): Promise<Worker> {
  const resources = createResources({ config: people === undefined ? config : { ...config, people }, log });
  await openExpiredFences(resources, log);
  return Worker.create({
    connection,
    namespace: config.temporal.namespace,
    taskQueue: config.taskQueue,
    identity: `cutover@${hostname()}:${process.pid}`,
    workflowBundle: { codePath: bundle ?? BUNDLE_PATH },
    activities: createActivities(resources),
    ...MESSAGE_SAFETY,
    // A freeze ends by itself within seconds; longer work is at a safe point soon after it hears of the shutdown.
    shutdownGraceTime: '10s',
    shutdownForceTime: '60s',
    // Progress in the UI and in `status --watch` is at most two seconds old.
    maxHeartbeatThrottleInterval: '2s',
    // What a stopped process has asked for is handed to it all the same, and is lost until its timeout: every poll that
    // it had open costs an attempt.
    maxConcurrentActivityTaskPolls: 1,
    maxConcurrentWorkflowTaskPolls: 2,
    // A cutover runs one verb at a time; more at once are other runs on other targets.
    maxConcurrentActivityTaskExecutions: 20,
  });
}

/**
 * What keeps strangers' messages from stopping a run: a converter that never throws; no limit of the SDK's own on what a
 * workflow task answers (the answer to a refused Update quotes it: with that limit one Update of more than 2 MB fails the
 * task again and again; what the server itself takes is limited by the server); and time for thousands of signals in one
 * task on a busy machine, because a task that is cut off in the middle takes the whole process down.
 */
export const MESSAGE_SAFETY = {
  dataConverter: { payloadConverterPath: PAYLOAD_CONVERTER_PATH },
  disablePayloadErrorLimit: true,
  isolateExecutionTimeout: '30s',
} as const;

/** Once per process; signals stay ours: the caller decides what Ctrl-C ends. */
function installRuntime(log: Logger): void {
  if (installed) return;
  installed = true;
  if (Runtime._instance !== undefined) return;
  Runtime.install({
    logger: temporalLogger(log),
    shutdownSignals: [],
    telemetryOptions: { logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }) } },
  });
}

let installed = false;
