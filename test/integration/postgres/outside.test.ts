import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ledgerOf, proveBack, proveForward, schemaOf } from '../../support/run-proofs';
import { Scenario, TEST_TUNING } from '../../support/scenario';
import { smallService, type SmallService } from '../../support/small-service';

jest.setTimeout(300_000);

const BEFORE = 'cutover/deploy-backend@both-shapes';
const FREEZE = 'cutover/freeze';
const LIVE = 'cutover/config-settings';

/** Runbook 003 with a service around the flag: what it starts with is staged, and its builds are deployed. */
function around(service: SmallService, name: string, after: string, onFailure = 'rollback'): Promise<Scenario> {
  return Scenario.open({
    name,
    rows: 300,
    planChanges: [
      [/^ {2}expand:\n/m, '  configure:\n    - config: { target: settings, set: { TENANCY: both } }\n  expand:\n'],
      [
        /^ {4}switch: \[(\{ flag: .*\})\]$/m,
        [
          '    switch:',
          '      - config: settings',
          '      - deploy: { service: backend, build: both-shapes, timeout: 30s }',
          '      - $1',
          `      - deploy: { service: backend, build: ${after}, timeout: 12s }`,
          '    prove:',
          `      - http: { target: web, path: /health, expect: { contains: '"build":"${after}"' } }`,
        ].join('\n'),
      ],
      [/^ {4}probes:\n/m, '    probes:\n      - log: { name: errors, target: app-log, errors: [ERROR] }\n'],
      ...(onFailure === 'rollback' ? [] : [[/cutover: rollback/, `cutover: ${onFailure}`] as const]),
      [/^gates:/m, `backup: { exports: [{ name: users, table: users, columns: [email, is_admin], key: id }] }\ngates:`],
    ],
    configChanges: [
      ['targets:\n', `targets:\n${service.targets}`],
      ['commands: { allow: [] }', service.commands],
    ],
  });
}

test('a worker killed -9 in the middle of a deployment before the freeze: the next one goes on, builds run on both sides of the flag, and the run ends', async () => {
  await using service = await smallService(['old', 'both-shapes', 'tenants']);
  await using run = await around(service, 'outside', 'tenants');
  await service.hold(true);
  const first = await run.startWorker();
  await run.start();
  await until('the link is turned', async () => (await service.linked()) === 'both-shapes');
  await run.kill(first);
  expect(await flagOf(run)).not.toBe('on');
  expect(await service.starts()).toEqual([]);
  expect(await atTheGate(run)).toContain('backend: old -> both-shapes; backend: old -> tenants');

  await service.hold(false);
  await run.startWorker();
  const state = await run.ended();

  expect(await service.starts()).toEqual([
    { build: 'both-shapes', tenancy: 'both' },
    { build: 'tenants', tenancy: 'both' },
  ]);
  expect(await readFile(service.envFile, 'utf8')).toBe('# of the service\nTENANCY=both\n');
  expect(await endsOf(run, 'do')).toEqual([LIVE, BEFORE, FREEZE, 'cutover/deploy-backend@tenants', 'cutover/prove-1']);
  const verdictOf = (id: string): unknown => state.steps.find((s) => s.id === id)?.verdict;
  expect([verdictOf('cutover/prove-1'), verdictOf('observe/diff-users'), verdictOf('observe/probes')]).toEqual([
    'pass',
    'pass',
    'pass',
  ]);
  expect(await kept(run, 'log-app-log.txt')).toContain('INFO started as tenants');
  expect(await kept(run, 'export-users.csv')).toMatch(/^id,email,is_admin\r\n/);
  await proveForward(run);
});

test('a deployment after the switch that does not become healthy parks the run with the switch made; rollback puts the previous build back before the switch is turned back, and every build starts with the configuration of its time', async () => {
  await using service = await smallService(['old', 'both-shapes', 'broken']);
  await using run = await around(service, 'outside-broken', 'broken', 'hold');
  const before = await schemaOf(run);
  await run.startWorker();
  await run.start(undefined, { ...TEST_TUNING, attempts: 2 });
  const state = await run.parked();
  expect(state.hold).toMatchObject({
    step: 'cutover/deploy-backend@broken',
    reason: expect.stringMatching(
      /did not become healthy as broken within 12000 ms.*`cutover rollback` brings both-shapes back/,
    ) as string,
  });
  expect(await flagOf(run)).toBe('on');
  expect(await service.linked()).toBe('broken');

  await run.rollback();
  await run.ended('rolled-back');
  expect(await endsOf(run, 'undo')).toEqual(['cutover/deploy-backend@broken', FREEZE, BEFORE, LIVE]);
  // A deployment that is not healthy in time is tried again: the same start twice is one.
  const starts = await service.starts();
  expect(starts.filter(({ build }, i) => build !== starts[i - 1]?.build)).toEqual([
    { build: 'both-shapes', tenancy: 'both' },
    { build: 'broken', tenancy: 'both' },
    { build: 'both-shapes', tenancy: 'both' },
    { build: 'old', tenancy: 'off' },
  ]);
  expect(await service.linked()).toBe('old');
  expect(await readFile(service.envFile, 'utf8')).toBe('# of the service\nTENANCY=off\n');
  expect((await readdir(service.dir)).filter((name) => name.startsWith('app.env'))).toEqual(['app.env']);
  expect(await flagOf(run)).not.toBe('on');
  await proveBack(run, before);
});

/** What of the switch came to its end, in the ledger's order. */
async function endsOf(run: Scenario, verb: 'do' | 'undo'): Promise<readonly string[]> {
  return (await ledgerOf(run))
    .filter((row) => row.event === 'end' && row.verb === verb)
    .flatMap(({ step }) => (step?.startsWith('cutover/') ? [step] : []));
}

/** What people saw when they approved the cutover. */
async function atTheGate(run: Scenario): Promise<string> {
  const rows = await ledgerOf(run);
  return JSON.stringify(rows.filter(({ event }) => event === 'gate-opened'));
}

async function flagOf({ db }: Scenario): Promise<string | undefined> {
  const { rows } = await db.query<{ value: string }>(`SELECT value FROM app_settings WHERE key = 'tenancy'`);
  return rows[0]?.value;
}

/** A file of the run in its store. */
async function kept({ stage }: Scenario, name: string): Promise<string> {
  const store = join(stage.planFolder, '.cutover', 'backups');
  const found = (await readdir(store, { recursive: true })).find((path) => path.endsWith(name));
  return found !== undefined && existsSync(join(store, found)) ? readFile(join(store, found), 'utf8') : 'not kept';
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 120_000; !(await holds()); await sleep(20))
    if (Date.now() > deadline) throw new Error(`Waited in vain until ${what}.`);
}
