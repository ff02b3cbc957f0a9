import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { logFindings } from '../../../activities/probes/log-findings';
import { observeStep } from '../../../activities/postgres/steps/observe';
import type { Resources } from '../../../activities/resources';
import { evidenceOf, type Evidence } from '../../../src/core/evidence';
import type { ObserveArgs } from '../../../src/core/observe-args';
import { resourcesOf } from '../../support/backup-context';
import { startBackupServer, type BackupDatabase, type BackupServer } from '../../support/backup-server';
import { TestRun } from '../../support/pg-run';

let server: BackupServer;
let database: BackupDatabase;
let dir: string;
let log: string;
let resources: Resources;
let run: TestRun;
let count = 0;

beforeAll(async () => {
  server = await startBackupServer();
}, 120_000);

beforeEach(async () => {
  database = await server.database(`log_${(count += 1)}`, 100);
  dir = await mkdtemp(join(tmpdir(), 'cutover-log-'));
  log = join(dir, 'app.log');
  await writeFile(log, 'ERROR of long ago\n');
  resources = resourcesOf({
    targets: [database.home, { kind: 'log', name: 'app-log', path: log }],
    storeDir: database.storeDir,
  });
  run = new TestRun(database.home);
  await run.claim();
}, 60_000);

afterEach(async () => rm(dir, { recursive: true, force: true }));
afterAll(async () => server?.close());

const ARGS: ObserveArgs = {
  forMs: 600,
  everyMs: 100,
  failures: 2,
  of: 3,
  then: 'hold',
  probes: [
    { kind: 'log', name: 'errors', target: 'app-log', errors: ['ERROR'], factor: 3, baseline: 'preflight/logs' },
  ],
  keep: { store: 'backups', logs: ['app-log'], baseline: 'preflight/logs' },
};

/** What preflight does with the plan's logs. */
function marked(): Promise<Evidence> {
  return run.do({
    id: 'preflight/logs',
    kind: 'manual',
    args: { what: 'mark the logs', role: 'dba' },
    handler: {
      do: async (context) => evidenceOf('marked', (await logFindings(resources, context, ['app-log'])).checks),
      undo: async () => evidenceOf('nothing', []),
    },
  });
}

function observed(): Promise<Evidence> {
  return run.do({ id: 'observe/probes', kind: 'observe', args: ARGS, handler: observeStep(resources) });
}

it('passes while the log has no more errors than before the run, and keeps the lines of the session and no older ones', async () => {
  expect((await marked()).verdict).toBe('pass');
  await appendFile(log, 'INFO a new build\n');
  const evidence = await observed();
  expect(evidence).toMatchObject({ verdict: 'pass', figures: { failed: 0 } });
  expect(evidence.figures?.['log app-log']).toBe('17 bytes kept in store "backups" as log-app-log.txt');
  const file = (await readdir(database.storeDir, { recursive: true })).find((path) => path.endsWith('log-app-log.txt'));
  expect(await readFile(join(database.storeDir, file ?? ''), 'utf8')).toBe('INFO a new build\n');
}, 60_000);

it('is a breach when the log gets more errors a minute than so many times those of before', async () => {
  await marked();
  const watched = observed();
  // What comes before its first round counts as before.
  const watching = (): boolean => run.said.some((doing) => doing.startsWith('observes'));
  const errors = setInterval(() => void (watching() && appendFile(log, 'ERROR no tenant\n'.repeat(3))), 50);
  const evidence = await watched.finally(() => clearInterval(errors));
  expect(evidence.verdict).toBe('fail');
  expect(evidence.summary).toMatch(/breach: probe errors failed 2 times/);
  expect(evidence.checks[0]?.observed).toMatch(/errors a minute, 0\.0 before; at most 3\.0/);
}, 60_000);

it('fails preflight when a log of the plan cannot be read', async () => {
  await rm(log);
  const evidence = await marked();
  expect(evidence.verdict).toBe('fail');
  expect(evidence.checks[0]?.observed).toContain('the log "app-log" cannot be read');
}, 60_000);
