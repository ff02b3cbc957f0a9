import { dirname } from 'node:path';
import { appControl, type AppControl } from '../../examples/000-mk-proptech/app-control';
import { layOutApp, type AppRoot } from '../../examples/000-mk-proptech/app-root';
import { generate } from '../../examples/000-mk-proptech/legacy/generate';
import { ADMIN } from '../../examples/000-mk-proptech/legacy/people';
import { archiveIn } from '../../examples/000-mk-proptech/load/archive-in';
import { checkWrites, type WritesReport } from '../../examples/000-mk-proptech/load/check-writes';
import { examplePath, LEGACY_BUILD } from '../../examples/000-mk-proptech/paths';
import { startLoad, type Load } from '../../examples/000-mk-proptech/processes';
import { exampleVenv } from '../../examples/000-mk-proptech/python';
import type { LineProcess } from './line-process';
import { createMongoUsers, type MongoUrls } from './mongo-users';
import { onExit } from './on-exit';
import { copyPlan, type Change } from './plan-folder';
import { freePort } from './ports';
import type { Progress } from './progress';
import type { RunDir } from './run-dir';
import { startWebhookReceiver, type WebhookReceiver } from './webhook-receiver';
import { startWorkerProcess } from './worker-process';

/** Where the application of runbook 000 stands on its legacy build, under load, and what a worker is told about it. */
export interface MkProptechStage {
  readonly urls: MongoUrls;
  readonly database: string;
  readonly app: AppRoot;
  readonly control: AppControl;
  readonly load: Load;
  readonly writeLog: string;
  readonly webhooks: WebhookReceiver;
  /** Folder with plan, worker config and people file: a copy of the example's, with the changes of this stage. */
  readonly planFolder: string;
  /** What a worker, or a command beside it, finds in its environment. */
  readonly workerEnv: Readonly<Record<string, string>>;
  startWorker(): Promise<LineProcess>;
  /** Stops load and ingestion, then holds the load's log against the database. */
  checkWrites(tenant: string | undefined): Promise<WritesReport>;
}

export interface MkProptechOptions {
  readonly runDir: RunDir;
  readonly progress: Progress;
  readonly rootUri: string;
  readonly temporalAddress: string;
  readonly database?: string;
  readonly taskQueue?: string;
  readonly documents: number;
  /** Requests per second of the load. */
  readonly rate: number;
  readonly planChanges?: readonly Change[];
}

/** The plan's own: its first check asks the application for it. */
const DATABASE = 'mk_proptech';

/** For runs that nobody stands beside: what only people can do is taken out of the plan. */
export const WITHOUT_PEOPLE: readonly Change[] = [
  [/^ {4}- manual: \{ name: window.*\n/m, ''],
  [/^ {6}- manual:\s+\{\s*name: browser[^}]*\}\n/m, ''],
  [/^ {6}- manual: \{ name: onboarding.*\n/m, ''],
];

export async function openMkProptech(options: MkProptechOptions): Promise<MkProptechStage> {
  const { runDir, progress, rootUri, documents, rate } = options;
  const database = options.database ?? DATABASE;
  const urls = await createMongoUsers(rootUri, { database, scratch: `${database}_scratch` });
  const { python } = await exampleVenv(progress);
  await progress.step(`legacy database with ${documents.toLocaleString('en')} documents`, () =>
    generate(urls.root, { documents, seed: 7 }),
  );
  const port = await freePort();
  const app = await layOutApp(runDir.file(`${database}-host`), {
    mongoUrl: urls.app,
    database,
    env: { INITIAL_ADMIN_EMAIL: ADMIN.email, INITIAL_ADMIN_PASSWORD: ADMIN.password },
  });
  const control = appControl(app, { python, port });
  const stopApp = async (): Promise<void> => {
    await control.worker('stop').catch(() => undefined);
    await control.stop().catch(() => undefined);
  };
  onExit({ name: 'the application', close: stopApp, abandon: () => undefined });
  await progress.step('the application, legacy build', async () => {
    await control.use(LEGACY_BUILD);
    await control.start();
    await control.worker('start');
  });
  const writeLog = runDir.file(`${database}-writes.jsonl`);
  const load = await startLoad({
    url: control.url,
    writeLog,
    logFile: runDir.file('logs', `${database}-load.log`),
    rate,
    secondTenant: true,
  });
  const webhooks = await startWebhookReceiver();
  const planFolder = runDir.file(`${database}-plan`);
  await copyPlan({
    folder: planFolder,
    source: (name) => examplePath(name),
    beside: ['models'],
    planChanges: [
      ...(database === DATABASE ? [] : [[`"database":"${DATABASE}"`, `"database":"${database}"`] as const]),
      ...(options.planChanges ?? []),
    ],
    configChanges: [
      ['http://127.0.0.1:8000', control.url],
      ['http://127.0.0.1:8001', webhooks.base],
      [/\bapp\/(?=\.env|run|current|releases)/g, `${app.root}/`],
      ['cwd: app,', `cwd: ${app.root},`],
    ],
    ...(options.taskQueue === undefined ? {} : { configMore: `taskQueue: ${options.taskQueue}\n` }),
  });
  const workerEnv = {
    TEMPORAL_ADDRESS: options.temporalAddress,
    APP_MONGO_URL: urls.tool,
    APP_ROLE_MONGO_URL: urls.app,
    SCRATCH_MONGO_URL: urls.scratch,
    APP_ADMIN_AUTHORIZATION: await authorizationOf(control.url),
    OPS_WEBHOOK: webhooks.url,
    OPS_SECRET: webhooks.secret,
    PATH: `${dirname(python)}:${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
    PORT: String(port),
    BASE_URL: control.url,
    ADMIN_EMAIL: ADMIN.email,
    ADMIN_PASSWORD: ADMIN.password,
    // Indexes are not the application's to build: its migrations run as somebody who may.
    MIGRATE_MONGO_URL: urls.tool,
  };
  const logFile = runDir.file('logs', `${database}-worker.log`);
  return {
    ...{ urls, database, app, control, load, writeLog, webhooks, planFolder, workerEnv },
    startWorker: () => startWorkerProcess({ planFolder, env: workerEnv, logFile }),
    checkWrites: async (tenant) => {
      await load.stop();
      await control.worker('stop');
      const archive = archiveIn(urls.root, database);
      return checkWrites({ logFile: writeLog, uri: urls.root, database, expectKey: tenant, archive });
    },
  };
}

/** A session of the one admin: what the tool's own checks go by. */
async function authorizationOf(url: string): Promise<string> {
  const response = await fetch(`${url}/api/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(ADMIN),
  });
  const { token } = (await response.json()) as { readonly token?: string };
  if (token === undefined) throw new Error(`The login of the admin was answered with status ${response.status}.`);
  return `Bearer ${token}`;
}
