import type { PgContext, PgSession } from './context';
import { ident, qualified } from './identifiers';
import { refused } from './pg-error';
import { readOnly, SCAN_TIMEOUT_MS } from './read-only';

export interface OwnRows {
  readonly table: string;
  /** SQL condition on a row `p` of the table: those that this run put there. */
  readonly ours: string;
  readonly values?: readonly unknown[];
}

/**
 * Rows of the application's own that refer to rows of this run: these cannot go, or would take those along without a
 * trace (ON DELETE CASCADE), and nobody here may decide about them. Throws Refused with how many there are and where.
 */
export async function refuseReferred(context: PgContext, rows: OwnRows): Promise<void> {
  const found = await context.read((session) =>
    readOnly(session, { timeoutMs: SCAN_TIMEOUT_MS }, () => referring(session, rows)),
  );
  if (found.length === 0) return;
  const total = found.reduce((sum, f) => sum + f.count, 0);
  throw refused(
    `${total} rows that this run did not write refer to rows that it put into ${rows.table}: ${found.map((f) => `${f.count} of ${f.table}`).join(', ')}. Delete or move them, then \`cutover retry\`.`,
  );
}

interface Referring {
  readonly table: string;
  readonly count: number;
}

async function referring(session: PgSession, rows: OwnRows): Promise<readonly Referring[]> {
  const keys = await session.query<{ table: string; columns: string[]; references: string[] }>(KEYS, [
    qualified(rows.table),
  ]);
  const found: Referring[] = [];
  for (const { table, columns, references } of keys) {
    const on = columns.map((c, i) => `c.${ident(c)} = p.${ident(references[i] ?? '')}`).join(' AND ');
    const [row] = await session.query<{ n: string }>(
      `SELECT count(*) AS n FROM ${qualified(table)} c JOIN ${qualified(rows.table)} p ON ${on} WHERE ${rows.ours}`,
      rows.values ?? [],
    );
    if (Number(row?.n ?? 0) > 0) found.push({ table, count: Number(row?.n) });
  }
  return found;
}

const KEYS = `
SELECT n.nspname || '.' || c.relname AS table,
       ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY AS u (n, place)
               JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.n ORDER BY u.place) AS columns,
       ARRAY(SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY AS u (n, place)
               JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.n ORDER BY u.place) AS references
  FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE k.contype = 'f' AND k.confrelid = to_regclass($1) AND k.conparentid = 0 ORDER BY 1, k.conname`;
