import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { startLineProcess, type LineProcess } from '../../src/dev/line-process';
import { projectRoot } from '../../src/dev/project-root';
import { withDatabase } from '../../src/dev/roles';
import { ArgvWatch, canariesIn, filesBelow, type Canaries } from '../support/canaries';
import { Scenario } from '../support/scenario';
import { testServers } from '../support/servers';

jest.setTimeout(600_000);

/** A value of a row that PostgreSQL quotes when a query cannot cast it. */
const ROW = 'canary-of-a-row-8f3a61';
const WRONG_PASSWORD = 'canary-of-a-wrong-password-5b77c2';

let scenario: Scenario;
let worker: LineProcess;
let canaries: Canaries;
let argv: ArgvWatch;
/** Where a secret could have come out: a name, and all that stands there. */
const places: Record<string, string> = {};

/**
 * One real run to its end, with two failures on its way that would quote a secret: a password that the server refuses,
 * and a row that a query of the plan cannot read.
 */
beforeAll(async () => {
  scenario = await Scenario.open({
    name: 'secrets',
    rows: 1_000,
    rate: 20,
    planChanges: [
      ['validate: rollback', 'validate: hold'],
      [
        "sql: select id from organizations where slug = 'default-org'",
        "sql: select id from organizations where slug = 'default-org' and (select count(*) from products where ean::numeric < 0) = 0",
      ],
    ],
  });
  const { urls } = scenario.stage;
  canaries = { ...passwordsOf(urls), 'the wrong password': WRONG_PASSWORD, 'the row': ROW };
  await scenario.db.query(`UPDATE products SET ean = $1 WHERE id = (SELECT min(id) FROM products)`, [ROW]);
  argv = new ArgvWatch();
  await refusedPassword();
  await quotedRow();
  await scenario.ended('done', 300_000);
  await collect();
});

afterAll(async () => {
  argv?.stop();
  await worker?.stop();
  await scenario?.[Symbol.asyncDispose]();
});

test('the way it is looked for finds what is there', () => {
  const password = Object.values(canaries)[0] ?? '';
  for (const told of [password, `x${JSON.stringify({ a: password })}`, encodeURIComponent(`?${password}`)]) {
    expect(canariesIn(told, canaries)).toHaveLength(1);
    for (const shift of ['', '1', '22']) {
      expect(canariesIn(Buffer.from(`${shift}${told}`).toString('base64'), canaries)).toHaveLength(1);
    }
  }
  expect(places['histories']).toContain('expand/key-users');
  expect(places['argv']).toMatch(/pg_dump/);
  expect(places['argv']).toMatch(/pg_restore/);
  expect(places['log of the worker']).toContain('attempt failed');
  expect(places['table cutover.ledger']).toContain('backup/dump');
  expect(places['report.md']).toContain('UNSIGNED');
  expect(Object.keys(places).join('\n')).toMatch(/roles\.sql/);
  expect(Object.keys(places).join('\n')).toMatch(/manifest/);
});

test('both failures came, and say what is wrong without the secret', () => {
  expect(places['histories']).toMatch(/password authentication failed/);
  expect(places['histories']).toMatch(/invalid input syntax for type numeric/);
});

test('a canary secret is found in no history, log, command line, capture, ledger, backup manifest or report', () => {
  const leaks = Object.entries(places)
    .map(([place, text]) => [place, canariesIn(text, canaries)] as const)
    .filter(([, found]) => found.length > 0);
  expect(Object.fromEntries(leaks)).toEqual({});
});

test('the exported roles have no password, not even its hash', () => {
  const roles = Object.entries(places).filter(([place]) => place.endsWith('roles.sql'));
  expect(roles.length).toBeGreaterThan(0);
  for (const [, text] of roles) expect(text).not.toMatch(/SCRAM-SHA-256|md5[0-9a-f]{32}|PASSWORD\s+'/i);
});

async function refusedPassword(): Promise<void> {
  const { urls } = scenario.stage;
  const { pathname } = new URL(urls.scratch);
  worker = await startWorker(
    withDatabase(urls.scratch, pathname.slice(1), { user: 'cutover', password: WRONG_PASSWORD }),
  );
  await scenario.start(['expand', 'cutover', 'contract'], { heartbeatMs: 5_000, retryMs: 50, attempts: 2 });
  await scenario.parked();
  await worker.stop();
  worker = await startWorker(urls.scratch);
  await scenario.until('an answer of the new worker', (s) => s.status === 'awaiting-operator').catch(() => undefined);
  await scenario.operate('retry');
}

async function quotedRow(): Promise<void> {
  await scenario.seen(
    'the failure of the query',
    `SELECT FROM cutover.ledger WHERE step = 'validate/query-default-organization' AND event = 'attempt-failed'`,
    [],
    240_000,
  );
  await scenario.parked(240_000);
  await scenario.db.query(`UPDATE products SET ean = '4000000000007' WHERE ean = $1`, [ROW]);
  await scenario.operate('retry');
}

function startWorker(scratch: string): Promise<LineProcess> {
  const { urls, planFolder } = scenario.stage;
  const started = startLineProcess({
    name: 'the worker',
    script: join(projectRoot(), 'lib', 'src', 'cli', 'main.js'),
    args: ['worker', '--json', '--register'],
    cwd: planFolder,
    env: {
      TEMPORAL_ADDRESS: testServers().temporal,
      APP_DATABASE_URL: urls.cutover,
      APP_ROLE_URL: urls.app,
      SCRATCH_URL: scratch,
    },
    logFile: scenario.workerLog,
  });
  return started.first('ready').then(() => started);
}

function passwordsOf(urls: Scenario['stage']['urls']): Canaries {
  const { superuser, owner, app, cutover } = urls;
  const entries = Object.entries({ superuser, owner, app, cutover });
  return Object.fromEntries(
    entries.map(([role, url]) => [`the password of ${role}`, decodeURIComponent(new URL(url).password)]),
  );
}

async function collect(): Promise<void> {
  places['report.md'] = (await scenario.cli('report', 'secrets')).stdout;
  places['report.json'] = (await scenario.cli('report', 'secrets', '--format', 'json')).stdout;
  places['status'] = (await scenario.cli('status', 'secrets', '--json')).stdout;
  places['argv'] = argv.stop();
  places['log of the worker'] = await readFile(scenario.workerLog, 'utf8');
  await collectTables();
  await collectHistories();
  for (const [path, text] of Object.entries(await filesBelow(join(scenario.stage.planFolder, '.cutover')))) {
    // The dump is the data, row and all; everything else in the store only tells of it.
    if (!/\.(dump|pgdump|zst|custom)$/.test(path)) places[`store ${path}`] = text;
  }
}

/** Everything of the tool's own schema but the archive and the undo values, which hold rows on purpose. */
async function collectTables(): Promise<void> {
  const { rows } = await scenario.db.query<{ name: string }>(
    `SELECT c.oid::regclass::text AS name FROM pg_class c WHERE relnamespace = 'cutover'::regnamespace AND relkind = 'r'`,
  );
  for (const { name } of [...rows, { name: 'public.migration_log' }]) {
    const found = await scenario.db.query<{ row: string }>(`SELECT t::text AS row FROM ${name} t`);
    places[`table ${name}`] = found.rows.map((r) => r.row).join('\n');
  }
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
