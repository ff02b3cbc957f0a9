import type { Client } from 'pg';
import type { ExpectedRow } from './expectations';

/** What the database holds for one expected row. */
export interface Seen {
  /** Rows found by its key; more than one means that a write happened twice. */
  readonly copies: number;
  /** Has it every expected value? */
  readonly equal: boolean;
  readonly id: string | null;
  /** The tenant key; null where it is null or there is no such column. */
  readonly clientId: string | null;
}

/** Looks all of them up, one statement per table, in the order of `rows`. A table that does not exist holds nothing. */
export async function lookUp(client: Client, rows: readonly ExpectedRow[]): Promise<readonly Seen[]> {
  await client.query(
    'CREATE TEMP TABLE wanted (n int PRIMARY KEY, table_name text, value text, expected jsonb) ON COMMIT DROP',
  );
  for (let from = 0; from < rows.length; from += CHUNK) await want(client, rows.slice(from, from + CHUNK), from);
  await client.query('ANALYZE wanted');
  const seen = new Array<Seen>(rows.length).fill(NOTHING);
  for (const table of new Set(rows.map((row) => row.table))) {
    const by = rows.find((row) => row.table === table)?.by ?? 'request_id';
    if (!(await exists(client, table))) continue;
    const result = await client.query<{ n: number } & Seen>(
      `SELECT w.n, count(*)::int AS copies, bool_and(r.row @> w.expected) AS equal, min(r.row->>'id') AS id,
              min(r.row->>'client_id') AS "clientId"
         FROM wanted AS w
         JOIN public.${table} AS t ON t.${by}::text = w.value
        CROSS JOIN LATERAL (SELECT to_jsonb(t) AS row) AS r
        WHERE w.table_name = $1
        GROUP BY w.n`,
      [table],
    );
    for (const { n, ...found } of result.rows) seen[n] = found;
  }
  return seen;
}

const NOTHING: Seen = { copies: 0, equal: false, id: null, clientId: null };

const CHUNK = 20_000;

async function want(client: Client, rows: readonly ExpectedRow[], from: number): Promise<void> {
  await client.query('INSERT INTO wanted SELECT * FROM unnest($1::int[], $2::text[], $3::text[], $4::jsonb[])', [
    rows.map((_, index) => from + index),
    rows.map((row) => row.table),
    rows.map((row) => row.value),
    rows.map((row) => JSON.stringify(row.values)),
  ]);
}

async function exists(client: Client, table: string): Promise<boolean> {
  const { rows } = await client.query<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [
    `public.${table}`,
  ]);
  return rows[0]?.there === true;
}
