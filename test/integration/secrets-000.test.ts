import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import type { AppRoot } from '../../examples/000-mk-proptech/app-root';
import type { RunState } from '../../src/core/state';
import { runCommand, type CommandResult } from '../../src/dev/command';
import { cliScript, startWorkerProcess } from '../../src/dev/worker-process';
import { ArgvWatch, canariesIn, filesBelow, type Canaries } from '../support/canaries';
import { MONGO_PATIENCE, mongoTestServer } from '../support/mongo';
import { MongoScenario } from '../support/mongo-scenario';

jest.setTimeout(600_000);

const WRONG_PASSWORD = 'canary-of-a-wrong-password-5b77c2';
const WEBHOOK_SECRET = 'canary-of-a-webhook-secret-91d0e4';
const WEBHOOK_PATH = '/canary-of-a-webhook-address-3c6a70';

/** Stands before a command of the plan: fails, and tells the secrets that it was given, until the file of its name is there. */
const guardOf = (app: AppRoot): string => `import os, subprocess, sys
name, argv = sys.argv[1], sys.argv[2:]
if not os.path.exists(f'${app.root}/run/{name}.ok'):
    file = open('${app.envFile}').read()
    of = lambda key: [l.split('=', 1)[1].strip('"') for l in file.splitlines() if l.startswith(key + '=')][0]
    told = [of('MONGO_URL'), of('MONGO_URL').split('@')[0].split(':')[2], of('INITIAL_ADMIN_PASSWORD')]
    print(file, dict(os.environ))
    sys.exit('\\n'.join(told))
sys.exit(subprocess.call([sys.executable, *argv]))
`;

let scenario: MongoScenario;
let receiver: Server;
let asked = 0;
let canaries: Canaries;
let argv: ArgvWatch;
/** Where a secret could have come out: a name, and all that stands there. */
const places: Record<string, string> = {};
/** Files with secrets or data in them that others than their owner may read. */
const readable = new Set<string>();
let besideSeen: readonly string[] = [];

/**
 * One real run to its end with nobody well at its webhook, and three failures on its way that would tell a secret: a
 * password that the server refuses, a command that prints its environment, and a writer that cannot be stopped.
 */
beforeAll(async () => {
  const { rootUri } = await mongoTestServer();
  receiver = await listening();
  const webhook = `http://127.0.0.1:${portOf(receiver)}${WEBHOOK_PATH}`;
  scenario = await MongoScenario.open({
    name: 'secrets-000',
    rootUri,
    planChanges: [
      [
        'run: { argv: [python, -m, backend.manage, migrate]',
        'run: { argv: [python, ../../guard.py, migrate, -m, backend.manage, migrate]',
      ],
      ['stop: { argv: [python, appctl.py', 'stop: { argv: [python, guard.py, stop, appctl.py'],
      ['cutover: rollback', 'cutover: hold'],
    ],
    workerEnv: { OPS_WEBHOOK: webhook, OPS_SECRET: WEBHOOK_SECRET },
  });
  const { app, urls, workerEnv } = scenario.stage;
  await writeFile(join(app.root, 'guard.py'), guardOf(app));
  canaries = {
    ...secretsOf({ ...urls, proxied: scenario.proxy.through(urls.tool) }),
    'the wrong password': WRONG_PASSWORD,
    'the secret of the webhook': WEBHOOK_SECRET,
    'the address of the webhook': WEBHOOK_PATH,
    'the token of the admin': (workerEnv['APP_ADMIN_AUTHORIZATION'] ?? '').replace(/^Bearer /, ''),
    'MONGO_URL of the environment file': app.env['MONGO_URL'] ?? '',
    'INITIAL_ADMIN_PASSWORD of the environment file': app.env['INITIAL_ADMIN_PASSWORD'] ?? '',
  };
  argv = new ArgvWatch();
  await refusedPassword();
  await failedGuard('migrate', 'migrate');
  await failedGuard('stop', 'cutover/freeze');
  await lookAtModes();
  await scenario.ended('done', 300_000);
  await lookAtModes();
  await collect();
}, MONGO_PATIENCE);

afterAll(async () => {
  argv?.stop();
  await scenario?.[Symbol.asyncDispose]();
  receiver?.closeAllConnections();
  receiver?.close();
});

test('the way it is looked for finds what is there, and everything was looked at', () => {
  expect(Object.entries(canaries).filter(([, value]) => value.length < 8)).toEqual([]);
  expect(Object.keys(canaries)).toContain('the password of app');
  for (const secret of Object.values(canaries))
    for (const told of [secret, JSON.stringify({ a: secret }), encodeURIComponent(`?${secret}`)])
      expect(canariesIn(told, canaries)).not.toEqual([]);
  expect(places['histories']).toMatch(/expand\/[a-z-]*migrate/);
  expect(places['argv']).toMatch(/fence watch --target/);
  expect(places['argv']).toMatch(/guard\.py migrate/);
  expect(places['log of the workers']).toContain('attempt failed');
  expect(places['collection ledger']).toContain('backup/dump');
  expect(places['report.md']).toContain('UNSIGNED');
  expect(Object.keys(places).join('\n')).toMatch(/manifest/);
  expect(besideSeen.join('\n')).toMatch(/\.before-/);
  expect(besideSeen.join('\n')).toMatch(/\.cutover-/);
  expect(asked).toBeGreaterThan(2);
});

test('the failures came, and say what is wrong without the secret', () => {
  expect(places['histories']).toMatch(/[Aa]uthentication failed/);
  expect(places['histories']).toMatch(/exit code 1/);
  expect(places['log of the workers']).toContain('it said: *** | *** | ***');
  expect(places['histories']).toMatch(/500/);
});

test('a secret is found in no history, log, command line, ledger, capture, backup manifest, status or report', () => {
  const leaks = Object.entries(places)
    .map(([place, text]) => [place, canariesIn(text, canaries)] as const)
    .filter(([, found]) => found.length > 0);
  expect(Object.fromEntries(leaks)).toEqual({});
});

test('staged and kept configuration and every file of the backup can be read by their owner only', () => {
  expect([...readable]).toEqual([]);
});

test('the exported users have neither password nor its hash', () => {
  const exported = Object.entries(places).filter(([place]) => /^store .*user/.test(place));
  expect(exported).not.toEqual([]);
  for (const [, text] of exported) expect(text).not.toMatch(/storedKey|serverKey|SCRAM-SHA-256"\s*:|pbkdf2_/);
});

/** Nobody can be told at it: it fails, and says back all that it heard. */
async function listening(): Promise<Server> {
  const server = createServer((request, response) => {
    asked += 1;
    request.resume();
    response.writeHead(500).end(`${String(request.url)} ${JSON.stringify(request.headers)} ${WEBHOOK_SECRET}`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

function portOf(server: Server): number {
  const address = server.address();
  if (typeof address === 'object' && address !== null) return address.port;
  throw new Error('The receiver has no port.');
}

function secretsOf(urls: Readonly<Record<string, string>>): Canaries {
  return Object.fromEntries(
    Object.entries(urls).flatMap(([name, url]) => [
      [`the address of ${name}`, url],
      [`the password of ${name}`, decodeURIComponent(new URL(url).password)],
    ]),
  );
}

async function refusedPassword(): Promise<void> {
  const { planFolder, workerEnv, urls } = scenario.stage;
  const wrong = new URL(urls.app);
  wrong.password = WRONG_PASSWORD;
  const worker = await startWorkerProcess({
    planFolder,
    env: { ...workerEnv, ...scenario.options.workerEnv, APP_ROLE_MONGO_URL: wrong.href },
    logFile: scenario.workerLog,
  });
  await scenario.start(undefined, { tuning: { heartbeatMs: 5_000, retryMs: 50, attempts: 2 } });
  await parked('a refused password');
  await scenario.kill(worker);
  await scenario.startWorker();
  await scenario.seen('an answer of the new worker', async () => (await scenario.state()) !== undefined);
  await scenario.operate('retry');
}

/** Waits until it has parked the run, then lets it pass. */
async function failedGuard(name: string, step: string): Promise<void> {
  await parked(`the failure of ${step}`, step);
  if (name === 'stop') await lookAtModes();
  await writeFile(join(scenario.stage.app.root, 'run', `${name}.ok`), '');
  await scenario.operate('retry');
}

async function parked(what: string, about = ''): Promise<void> {
  await scenario.seen(
    what,
    async () => {
      const state = await scenario.state();
      return state?.hold?.kind === 'parked' && failures(state).includes(about);
    },
    150_000,
  );
}

function failures(state: RunState): string {
  return JSON.stringify([state.hold, state.steps.filter(({ status }) => status === 'failed')]);
}

async function lookAtModes(): Promise<void> {
  const { app, planFolder } = scenario.stage;
  const beside = (await readdir(app.root)).filter((name) => /\.(before|cutover)-/.test(name));
  besideSeen = [...besideSeen, ...beside];
  const store = join(planFolder, '.cutover');
  const kept = (await readdir(store, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  for (const path of [
    app.envFile,
    ...beside.map((name) => join(app.root, name)),
    ...kept.map((entry) => join(entry.parentPath, entry.name)),
  ])
    if (((await stat(path)).mode & 0o077) !== 0) readable.add(path);
}

async function cli(...args: readonly string[]): Promise<CommandResult> {
  const { planFolder, workerEnv } = scenario.stage;
  return runCommand({ command: process.execPath, args: [cliScript(), ...args], cwd: planFolder, env: workerEnv });
}

async function collect(): Promise<void> {
  const { name } = scenario.plan;
  places['report.md'] = (await cli('report', name)).stdout;
  places['report.json'] = (await cli('report', name, '--format', 'json')).stdout;
  places['status'] = (await cli('status', name, '--json')).stdout;
  places['fence status'] = (await cli('fence', 'status')).stdout;
  places['argv'] = argv.stop();
  places['log of the workers'] = await readFile(scenario.workerLog, 'utf8');
  for (const { name: table } of await scenario.lane.listCollections({}, { nameOnly: true }).toArray())
    places[`collection ${table}`] = JSON.stringify(await scenario.lane.collection(table).find().toArray());
  await collectHistories();
  for (const [path, text] of Object.entries(await filesBelow(join(scenario.stage.planFolder, '.cutover'))))
    places[`store ${path}`] = text;
}

/** Of the run and of every workflow that only read for it: as the server hands them out, and every payload decoded. */
async function collectHistories(): Promise<void> {
  const { workflow } = scenario.temporal.client;
  const texts: string[] = [];
  for await (const { workflowId, runId } of workflow.list({ query: `TaskQueue = '${scenario.taskQueue}'` })) {
    const handle = workflow.getHandle(workflowId, runId);
    const json = historyToJSON(await handle.fetchHistory());
    const decoded = [...json.matchAll(/"data": "([^"]*)"/g)].map((m) => Buffer.from(m[1] ?? '', 'base64').toString());
    const { raw } = await handle.describe();
    texts.push(json, ...decoded, JSON.stringify(raw));
  }
  places['histories'] = texts.join('\n');
}
