import type { PgContext, PgSession } from './context';
import { ident, literal, qualified } from './identifiers';
import { keyJson, type Keyset } from './keyset';
import { walk, within } from './windows';

/** Where the undo keeps what the old schema cannot hold, by (run, table, primary key). */
export const ARCHIVE = 'cutover.archive';

export interface Archived {
  /** The table's rows that the archive must hold. */
  readonly rows: number;
  /** Those of them that it holds with exactly this value. */
  readonly kept: number;
  /** Digest of primary keys and values in the table, and of the same rows in the archive. */
  readonly digest: string;
  readonly keptDigest: string;
}

export interface ToArchive {
  readonly keyset: Keyset;
  /** SQL for the archived value, of a row `t`. */
  readonly value: string;
  /** SQL condition on a row `t`; absent = every row. */
  readonly where?: string;
}

/** `{"client_id": …}` of a row `t`. */
export function columnValue(column: string): string {
  return `jsonb_build_object(${literal(column)}, t.${ident(column)})`;
}

/** The whole row `t`. */
export const ROW_VALUE = 'to_jsonb(t)';

/** One window into the archive; parameters $1 run, $2 table, from $3 on the window. Twice is once. */
export function archiveWindowSql(what: ToArchive, range: string): string {
  return `INSERT INTO ${ARCHIVE} (run_id, table_name, pk, value, archived_at)
SELECT $1, $2, ${keyJson(what.keyset, 't')}, ${what.value}, now()
  FROM ${qualified(what.keyset.table)} t WHERE ${range}${what.where ? ` AND ${what.where}` : ''}
ON CONFLICT (run_id, table_name, pk) DO NOTHING`;
}

/** Table and archive side by side, in one snapshot; parameters $1 run, $2 table. */
export function compareArchiveSql(what: ToArchive): string {
  return `SELECT count(*) AS rows, count(*) FILTER (WHERE a.value = ${what.value}) AS kept,
       coalesce(bit_xor(hashtextextended(${keyJson(what.keyset, 't')}::text || (${what.value})::text, 0)), 0) AS digest,
       coalesce(bit_xor(hashtextextended(a.pk::text || a.value::text, 0)), 0) AS kept_digest
  FROM ${qualified(what.keyset.table)} t
  LEFT JOIN ${ARCHIVE} a ON a.run_id = $1 AND a.table_name = $2 AND a.pk = ${keyJson(what.keyset, 't')}
${what.where ? ` WHERE ${what.where}` : ''}`;
}

/**
 * Fills the archive in windows, unlocked. Only right once the values can no longer be written; a row whose primary key
 * changes meanwhile is found by `compareArchive`.
 */
export async function archive(context: PgContext, what: ToArchive): Promise<number> {
  let added = 0;
  await walk(
    context,
    { keyset: what.keyset, size: WINDOW, doing: `archiving ${what.keyset.table}` },
    async (tx, window) => {
      const range = within(what.keyset, window, 't', 3);
      added += await tx.execute(archiveWindowSql(what, range.sql), [
        context.run.id,
        what.keyset.table,
        ...range.values,
      ]);
    },
  );
  return added;
}

export async function compareArchive(tx: PgSession, runId: string, what: ToArchive): Promise<Archived> {
  const rows = await tx.query<{ rows: string; kept: string; digest: string; kept_digest: string }>(
    compareArchiveSql(what),
    [runId, what.keyset.table],
  );
  const found = rows[0];
  return {
    rows: Number(found?.rows),
    kept: Number(found?.kept),
    digest: String(found?.digest),
    keptDigest: String(found?.kept_digest),
  };
}

export function isWhole(archived: Archived): boolean {
  return archived.rows === archived.kept && archived.digest === archived.keptDigest;
}

const WINDOW = 10_000;
