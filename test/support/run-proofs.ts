import { setTimeout as sleep } from 'node:timers/promises';
import { firstBrokenRow, type LedgerRow } from '../../src/core/ledger-row';
import { schemaDump } from '../../src/dev/schema-dump';
import type { Scenario } from './scenario';
import { testServers } from './servers';

export interface ProofOptions {
  /** Writes of the application that may have been refused or have no known outcome: only where its own database went away. */
  readonly interrupted?: boolean;
}

/** What every scenario must show at its end, whichever way it went: no write lost, nothing left standing, the ledger whole. */
export async function proveForward(scenario: Scenario, options: ProofOptions = {}): Promise<void> {
  await proveOpen(scenario);
  await proveWrites(scenario, true, options);
  await proveLedger(scenario);
  expect(await claimOf(scenario)).toEqual({ run: null });
  expect(await leftovers(scenario)).toEqual([]);
  expect(await switched(scenario)).toEqual({ flag: 'on', required: 7, validIndexes: 7, invalidIndexes: 0 });
}

export async function proveBack(scenario: Scenario, before: string, options: ProofOptions = {}): Promise<void> {
  await proveOpen(scenario);
  await proveWrites(scenario, false, options);
  await proveLedger(scenario);
  expect(await claimOf(scenario)).toEqual({ run: null });
  expect(await leftovers(scenario)).toEqual([]);
  expect(await schemaOf(scenario)).toBe(before);
}

export function schemaOf({ stage }: Scenario, clients = testServers().clients): Promise<string> {
  return schemaDump(clients, stage.urls.superuser);
}

export async function proveWrites(
  { stage }: Scenario,
  expectKey: boolean,
  { interrupted = false }: ProofOptions = {},
): Promise<void> {
  const writes = await stage.checkWrites(expectKey);
  const summary = stage.load.latest('summary');
  expect({ missing: writes.missing, wrong: writes.wrong, refusedButPresent: writes.refusedButPresent }).toEqual({
    missing: [],
    wrong: [],
    refusedButPresent: [],
  });
  expect(writes.ok).toBeGreaterThan(0);
  expect(writes.found).toBe(writes.ok);
  expect(summary?.['leaks']).toBe(0);
  if (interrupted) return;
  expect({
    refused: writes.refused,
    unknown: writes.unknown,
    readErrors: summary?.['readErrors'],
    firstError: summary?.['firstError'],
  }).toEqual({
    refused: 0,
    unknown: 0,
    readErrors: 0,
    firstError: null,
  });
}

/** No fence: nothing of the tool holds or awaits a lock on a table of the application, and its writes go on. */
export async function proveOpen(scenario: Scenario): Promise<void> {
  await eventually(
    'no lock of the tool on the application’s tables',
    async () => (await fences(scenario)).length === 0,
    async () => JSON.stringify(await fences(scenario)),
  );
  const ok = (): number => Number(scenario.stage.load.latest('progress')?.['ok'] ?? 0);
  const from = ok();
  await eventually(
    'the application’s writes go on',
    async () => ok() > from,
    async () => `${ok()} writes`,
  );
}

export async function fences({ db }: Scenario): Promise<readonly object[]> {
  const { rows } = await db.query<object>(
    `SELECT a.pid, a.application_name, l.mode, l.granted, l.relation::regclass::text AS relation
       FROM pg_locks l JOIN pg_stat_activity a USING (pid) JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE a.datname = current_database() AND a.usename = 'cutover' AND n.nspname = 'public' AND l.mode IN ('AccessExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'ShareLock')`,
  );
  return rows;
}

/** Every row in its place and unaltered; every verb ended once. */
export async function proveLedger(scenario: Scenario): Promise<readonly LedgerRow[]> {
  const rows = await ledgerOf(scenario);
  expect(firstBrokenRow(rows)).toBeUndefined();
  const ends = rows.filter((r) => r.event === 'end').map((r) => `${r.step} ${r.verb} ${r.round}`);
  expect(ends.filter((end, i) => ends.indexOf(end) !== i)).toEqual([]);
  return rows;
}

export async function ledgerOf({ db, plan }: Scenario): Promise<readonly LedgerRow[]> {
  const { rows } = await db.query<Omit<LedgerRow, 'prevHash'> & { readonly prev_hash: string }>(
    `SELECT seq, step, verb, round, event, body, at, prev_hash, hash FROM cutover.ledger WHERE run_id LIKE $1 ORDER BY run_id, seq`,
    [`${plan.name}.%`],
  );
  return rows.map(({ prev_hash: prevHash, ...row }) => ({ ...row, prevHash }));
}

export async function claimOf({ db, plan }: Scenario): Promise<{ readonly run: string | null }> {
  const { rows } = await db.query<{ run: string | null }>('SELECT run_id AS run FROM cutover.claim WHERE target = $1', [
    plan.home,
  ]);
  return { run: rows[0]?.run ?? null };
}

/** Sessions of the tool that are still connected, and triggers that refuse writes. */
async function leftovers(scenario: Scenario): Promise<readonly unknown[]> {
  const ask = async (): Promise<readonly unknown[]> => {
    const sessions = await scenario.db.query(
      `SELECT application_name, state, query FROM pg_stat_activity WHERE datname = current_database() AND usename = 'cutover'`,
    );
    const triggers = await scenario.db.query(
      `SELECT tgname, tgrelid::regclass::text AS on FROM pg_trigger WHERE tgname LIKE 'aa_cutover_refuse%' OR tgname LIKE '%forget%'`,
    );
    return [...(sessions.rows as unknown[]), ...(triggers.rows as unknown[])];
  };
  for (let tries = 0; tries < 50; tries += 1) {
    if ((await ask()).length === 0) return [];
    await sleep(100);
  }
  return ask();
}

async function switched({ db }: Scenario): Promise<object> {
  const { rows } = await db.query<object>(`
    SELECT (SELECT value FROM app_settings WHERE key = 'tenancy') AS flag,
           (SELECT count(*)::int FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE a.attname = 'client_id' AND a.attnotnull AND c.relkind = 'r' AND n.nspname = 'public') AS required,
           (SELECT count(*)::int FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relname ~ '^idx_.*client' AND i.indisvalid AND i.indisready) AS "validIndexes",
           (SELECT count(*)::int FROM pg_index i WHERE NOT i.indisvalid OR NOT i.indisready) AS "invalidIndexes"`);
  return rows[0] ?? {};
}

async function eventually(
  what: string,
  holds: () => Promise<boolean>,
  found: () => Promise<string>,
  patienceMs = 10_000,
): Promise<void> {
  for (const deadline = Date.now() + patienceMs; !(await holds()); await sleep(50)) {
    if (Date.now() > deadline) throw new Error(`Expected: ${what}; found ${await found()}.`);
  }
}
