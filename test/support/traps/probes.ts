import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';

/** A statement of the application that is under way on a connection of its own. */
export interface Probe {
  /** The table it reads or writes. */
  readonly table: string;
  readonly pid: number;
  /** Whether it has been answered, or refused, by now. */
  readonly settled: () => boolean;
  /** Settles when it was answered or refused, and the connection is closed; never rejects. */
  readonly done: Promise<'answered' | { readonly refused: string }>;
}

export async function startProbe(url: string, table: string, sql: string): Promise<Probe> {
  const client = new Client({ connectionString: url, application_name: 'probe' });
  client.on('error', () => undefined); // reported by the statement
  await client.connect();
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  let settled = false;
  const done = client
    .query(sql)
    .then(
      () => 'answered' as const,
      (error: { code?: string }) => ({ refused: error.code ?? String(error) }),
    )
    .finally(() => {
      settled = true;
      return client.end();
    });
  return { table, pid: rows[0]?.pid ?? 0, settled: () => settled, done };
}

/** One insert per table as version 1 of the application sends it: without the key. */
export async function startInserts(url: string, parents: Parents): Promise<readonly Probe[]> {
  return Promise.all(Object.entries(insertsFor(parents)).map(([table, sql]) => startProbe(url, table, sql)));
}

export interface Hold {
  readonly pid: number;
  /** Lets go and leaves nothing behind. */
  release(): Promise<void>;
}

/**
 * Makes whoever creates validate_client_data_integrity() wait, and nobody else: that name is taken by a transaction that
 * will be rolled back. Both the runbook's script and our run create it when every table has its column, so that here
 * either stands still for as long as a test wants to look around, as a large table would make it.
 */
export async function holdFunction(ownerUrl: string): Promise<Hold> {
  return holdWith(
    ownerUrl,
    `CREATE FUNCTION public.validate_client_data_integrity() RETURNS int LANGUAGE sql AS 'SELECT 1'`,
  );
}

/** A transaction that has done one thing and stays open. */
export async function holdWith(url: string, sql: string): Promise<Hold> {
  const client = new Client({ connectionString: url, application_name: 'hold' });
  await client.connect();
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  try {
    await client.query('BEGIN');
    await client.query(sql);
  } catch (error) {
    await client.end();
    throw error;
  }
  return {
    pid: rows[0]?.pid ?? 0,
    release: async () => {
      await client.query('ROLLBACK');
      await client.end();
    },
  };
}

/** Waits, bounded, until something outside is so. */
export async function eventually(what: string, holds: () => Promise<boolean>, patienceMs = 60_000): Promise<void> {
  for (const deadline = Date.now() + patienceMs; !(await holds()); await sleep(10)) {
    if (Date.now() > deadline) throw new Error(`Waited ${patienceMs} ms in vain until ${what}.`);
  }
}

/** Those of the probes that wait for a lock on their own table that this backend holds. */
export async function waitingFor(db: Client, pid: number, probes: readonly Probe[]): Promise<readonly string[]> {
  const { rows } = await db.query<{ pid: number }>(
    `SELECT l.pid FROM pg_locks l WHERE NOT l.granted AND l.pid = ANY ($2::int[]) AND $1 = ANY (pg_blocking_pids(l.pid))
        AND l.relation::regclass::text = ($3::text[])[array_position($2::int[], l.pid)]`,
    [pid, probes.map((p) => p.pid), probes.map((p) => p.table)],
  );
  return probes.filter((probe) => rows.some((row) => row.pid === probe.pid)).map((probe) => probe.table);
}

/** The backend that waits for this hold and for nobody else; undefined while there is none. */
export async function standsAt(db: Client, applicationName: string, hold: Hold): Promise<number | undefined> {
  const { rows } = await db.query<{ pid: number }>(
    `SELECT pid FROM pg_stat_activity
      WHERE datname = current_database() AND application_name LIKE $1 AND pg_blocking_pids(pid) = ARRAY[$2::int]`,
    [applicationName, hold.pid],
  );
  return rows[0]?.pid;
}

export interface Parents {
  readonly user: string;
  readonly upload: string;
}

/** Rows to hang new ones on; asked for before anything locks their tables. */
export async function findParents(db: Client): Promise<Parents> {
  const { rows } = await db.query<Parents>(
    `SELECT user_id AS user, id::text AS upload FROM uploads ORDER BY id LIMIT 1`,
  );
  if (!rows[0]) throw new Error('The legacy database has no upload to hang rows on.');
  return rows[0];
}

const insertsFor = ({ user, upload }: Parents): Readonly<Record<string, string>> => ({
  users: `INSERT INTO users (email, display_name) VALUES ('probe' || random(), 'probe')`,
  uploads: `INSERT INTO uploads (user_id, file_name) VALUES ('${user}', 'probe')`,
  sellout_entries2: `INSERT INTO sellout_entries2 (upload_id, ean, year, month, quantity, amount, payload) VALUES (${upload}, '1', 2025, 1, 1, 1, 'probe')`,
  products: `INSERT INTO products (ean, name) VALUES ('1', 'probe')`,
  processing_logs: `INSERT INTO processing_logs (upload_id, message) VALUES (${upload}, 'probe')`,
  transform_logs: `INSERT INTO transform_logs (upload_id, step) VALUES (${upload}, 'probe')`,
  email_logs: `INSERT INTO email_logs (user_id, recipient, subject) VALUES ('${user}', 'probe', 'probe')`,
});
