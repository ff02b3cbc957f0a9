import pino from 'pino';
import { getKnobs, setKnobs } from '../../../activities/postgres/knobs';
import { rootCauseFindings } from '../../../activities/lane/root-cause';
import { append, ledgerOn } from '../../../activities/postgres/lane/ledger';
import { newestRunBefore } from '../../../activities/postgres/lane/newest-run';
import { openSession } from '../../../activities/postgres/session';
import { walk } from '../../../activities/postgres/windows';
import type { Resources } from '../../../activities/resources';
import { done } from '../../../src/core/evidence';
import { startBackupServer, type BackupServer } from '../../support/backup-server';
import { legacy, type Legacy } from '../../support/pg-legacy';
import { TestRun, type StepToRun } from '../../support/pg-run';

jest.setTimeout(60_000);

let server: BackupServer;
let app: Legacy;
let resources: Resources;

beforeAll(async () => {
  server = await startBackupServer();
  app = await legacy(server, 'knobs', 100);
  await app.owner(
    'CREATE TABLE public.walked (id integer PRIMARY KEY)',
    'INSERT INTO public.walked SELECT generate_series(1, 1000)',
  );
  resources = {
    log: pino({ level: 'silent' }),
    target: () => app.database.home,
    people: async () => ({ roles: { 'dba-1': ['dba'] }, digest: 'sha256:people', mode: 'claimed' }),
  } as Partial<Resources> as Resources;
});
afterAll(async () => server.close());

/** Walks 1,000 rows in windows of 300 and says how many rows each had. */
function walking(windows: number[], after: (n: number) => Promise<void>): StepToRun<'release'> {
  const keyset = { table: 'public.walked', columns: [{ name: 'id', type: 'integer' }] };
  return {
    id: 'backfill/walk',
    kind: 'release',
    args: { reason: 'test' },
    handler: {
      do: async (context) => {
        await walk(context, { keyset, size: 300, doing: 'walking' }, async (_tx, { rows }) => {
          windows.push(rows);
          await after(windows.length);
        });
        return context.commit(async () => done('walked'));
      },
      undo: async (context) => context.commit(async () => done('nothing')),
    },
  };
}

test('what is set while windows are walked counts from the next one on, and auto gives it back', async () => {
  const which = { home: 'app', run: app.run.ref.id };
  expect(await getKnobs(resources, which)).toEqual({ run: which.run, knobs: {} });
  const windows: number[] = [];
  const step = walking(windows, async (n) => {
    if (n === 1)
      await setKnobs(resources, { ...which, by: 'dba-1', set: { window: 50, maxPerSecond: 100_000 }, auto: [] });
    if (n === 3) await setKnobs(resources, { ...which, by: 'dba-1', set: {}, auto: ['window'] });
  });
  await app.run.do(step);
  expect(windows).toEqual([300, 50, 50, 300, 300]);
  expect(app.run.said).toContain('walking (set: window=50, maxPerSecond=100000)');
  const said = await getKnobs(resources, { home: 'app', run: app.run.ref.plan });
  expect(said).toMatchObject({ run: which.run, knobs: { maxPerSecond: 100_000 }, by: 'dba-1' });
  expect(said.at).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
});

test('a pause between windows is kept', async () => {
  const which = { home: 'app', run: app.run.ref.id };
  await setKnobs(resources, { ...which, by: 'dba-1', set: { pauseMs: 200 }, auto: ['maxPerSecond'] });
  const windows: number[] = [];
  const began = performance.now();
  await app.run.do(walking(windows, () => Promise.resolve()));
  expect(windows.length).toBeGreaterThan(1);
  expect(performance.now() - began).toBeGreaterThanOrEqual((windows.length - 1) * 195);
});

test('somebody unknown, a value out of bounds and a run that does not hold the target are refused by name', async () => {
  const ask = { home: 'app', run: app.run.ref.id, by: 'dba-1', set: { pauseMs: 5 }, auto: [] };
  await expect(setKnobs(resources, { ...ask, by: 'eve' })).rejects.toMatchObject({ type: 'NotAllowed' });
  await expect(setKnobs(resources, { ...ask, set: { window: 0 } })).rejects.toThrow(/window: found 0/);
  await expect(setKnobs(resources, { ...ask, run: 'other' })).rejects.toThrow(
    `Target "app" is claimed by run ${app.run.ref.id}, not by "other".`,
  );
  await expect(getKnobs(resources, { ...ask, home: 'nowhere' })).rejects.toThrow(/claimed by no run/);
});

test('after a rollback the next run of the plan wants its root cause, in words; a dry run is only told', async () => {
  const { ref } = app.run;
  await using session = await openSession({ url: app.database.urls.cutover, applicationName: 'cutover/test' });
  const store = ledgerOn(session);
  const [last] = (await app.tool('SELECT seq, hash FROM cutover.ledger ORDER BY seq DESC LIMIT 1')) as {
    seq: number;
    hash: string;
  }[];
  if (!last) throw new Error('The run has no ledger.');
  const note = { step: 'run', verb: 'note', round: 0 } as const;
  await append(session, ref, last, { ...note, event: 'finished', body: { outcome: 'rolled-back' } });
  await app.tool('UPDATE cutover.claim SET run_id = NULL');
  const asked = (id: string, plan = ref.plan) => {
    const run = { ...ref, id, plan };
    return rootCauseFindings(store, { run, before: () => newestRunBefore(session, run) });
  };
  expect(await asked('phase-1.preview')).toEqual({
    checks: [],
    warnings: [expect.stringMatching(/^run phase-1\.0123abcd was rolled back: start with --root-cause/)],
  });
  expect(await asked('phase-10.preview', 'phase-10')).toEqual({ checks: [] });
  const again = new TestRun(app.database.home, { ...ref, id: 'phase-1.11111111' });
  await again.claim();
  expect((await asked('phase-1.11111111')).checks).toMatchObject([{ name: 'root cause', verdict: 'fail' }]);
  const head = (await store.rowsAfter('phase-1.11111111', 0)).at(-1);
  if (!head) throw new Error('The second run has no ledger.');
  const run = { ...ref, id: 'phase-1.11111111' };
  await append(session, run, head, {
    ...note,
    event: 'operator',
    body: { word: 'start', rootCause: 'too old a client' },
  });
  expect((await asked(run.id)).checks).toMatchObject([{ verdict: 'pass', observed: 'too old a client' }]);
});
