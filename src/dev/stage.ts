import { checkWrites, type WritesReport } from '../../examples/003-client-id/load/check-writes';
import { archiveIn } from '../../examples/003-client-id/load/archive';
import { generate } from '../../examples/003-client-id/legacy/generate';
import { createLegacySchema } from '../../examples/003-client-id/legacy/schema';
import { examplePath, exampleProcess } from '../../examples/003-client-id/paths';
import { startLineProcess, type LineProcess } from './line-process';
import { copyPlan, type Change } from './plan-folder';
import type { Progress } from './progress';
import { createRoles, type RoleUrls } from './roles';
import type { RunDir } from './run-dir';
import { startWorkerProcess } from './worker-process';

/** Where a legacy database with its application stands, and what a worker is told about it. */
export interface Stage {
  readonly urls: RoleUrls;
  readonly runDir: RunDir;
  readonly app: LineProcess;
  readonly appUrl: string;
  readonly reader: LineProcess;
  readonly load: LineProcess;
  readonly writeLog: string;
  /** Folder with plan, worker config and people file: a copy of the example's, with the changes of this stage. */
  readonly planFolder: string;
  /** Starts a worker process; it polls when the promise settles. */
  startWorker(): Promise<LineProcess>;
  /** Stops the load, then holds its log against the database. */
  checkWrites(expectKey: boolean): Promise<WritesReport>;
}

export interface StageOptions {
  readonly runDir: RunDir;
  readonly progress: Progress;
  readonly superuserUrl: string;
  /** Folder of pg_dump and pg_restore. */
  readonly clients: string;
  readonly temporalAddress: string;
  readonly database?: string;
  readonly taskQueue?: string;
  readonly rows: number;
  /** Requests per second of the load. */
  readonly rate: number;
  /** Applied to the copied plan file; every pattern must be found. */
  readonly planChanges?: readonly Change[];
  /** The same for the worker's config. */
  readonly configChanges?: readonly Change[];
}

/** For runs that nobody stands beside: what only people can do is taken out of the plan. */
export const WITHOUT_MANUAL = [/^ {2}preflight:\n(?: {4}- manual:.*\n)+/m, ''] as const;

/** Legacy schema and data, the application as role `app`, its readers and writers, and a folder to run the tool from. */
export async function openStage(options: StageOptions): Promise<Stage> {
  const { runDir, progress, superuserUrl, rows, rate, temporalAddress } = options;
  const database = options.database ?? 'app';
  const urls = await createRoles(superuserUrl, { database, scratch: `${database}_scratch` });
  await progress.step(`legacy application with ${rows.toLocaleString('en')} rows`, async () => {
    await createLegacySchema(urls.owner);
    await generate(urls.owner, { rows, seed: 3 });
  });
  const app = startLineProcess({
    name: 'the application',
    script: exampleProcess('app', 'server.js'),
    env: { DATABASE_URL: urls.app, PORT: '0' },
    logFile: runDir.file('logs', `${database}-application.log`),
  });
  const appUrl = String((await app.first('ready'))['url']);
  const reader = startLineProcess({
    name: 'the reader',
    script: exampleProcess('app', 'prepared-reader.js'),
    env: { DATABASE_URL: urls.app },
    logFile: runDir.file('logs', `${database}-reader.log`),
  });
  const writeLog = runDir.file(`${database}-writes.jsonl`);
  const load = startLineProcess({
    name: 'the load',
    script: exampleProcess('load', 'load.js'),
    args: ['--url', appUrl, '--log', writeLog, '--rate', String(rate)],
    env: {},
    logFile: runDir.file('logs', `${database}-load.log`),
  });
  await load.first('ready');
  const planFolder = runDir.file(`${database}-plan`);
  await copyExample(planFolder, options, appUrl);
  return {
    urls,
    runDir,
    app,
    appUrl,
    reader,
    load,
    writeLog,
    planFolder,
    startWorker: () =>
      startWorker({ planFolder, urls, temporalAddress, logFile: runDir.file('logs', `${database}-worker.log`) }),
    checkWrites: async (expectKey) => {
      await load.stop();
      await reader.stop();
      return checkWrites({ logFile: writeLog, ownerUrl: urls.superuser, expectKey, archive: archiveIn(urls.cutover) });
    },
  };
}

function copyExample(
  folder: string,
  { planChanges = [], configChanges = [], taskQueue, clients }: StageOptions,
  appUrl: string,
): Promise<void> {
  return copyPlan({
    folder,
    source: (name) => examplePath(name),
    beside: ['sql'],
    planChanges,
    configChanges: [['http://127.0.0.1:8080', appUrl], ...configChanges],
    configMore: `postgresBin: ${clients}\n${taskQueue ? `taskQueue: ${taskQueue}\n` : ''}`,
  });
}

interface WorkerPlace {
  readonly planFolder: string;
  readonly urls: RoleUrls;
  readonly temporalAddress: string;
  readonly logFile: string;
}

function startWorker({ planFolder, urls, temporalAddress, logFile }: WorkerPlace): Promise<LineProcess> {
  return startWorkerProcess({
    planFolder,
    logFile,
    env: {
      TEMPORAL_ADDRESS: temporalAddress,
      APP_DATABASE_URL: urls.cutover,
      APP_ROLE_URL: urls.app,
      SCRATCH_URL: urls.scratch,
    },
  });
}
