import type { RunRef } from '../../src/core/verb';
import { ARCHIVE } from './archive';
import type { PgContext, PgSession } from './context';
import { NOT_A_RECORD } from './inserted';
import { stableText } from './windows';

/** What the undo of an earlier run of the same plan kept. */
export interface KeptArchive {
  readonly run: string;
  readonly rows: number;
  /** `public.users 3, public.products 250`. */
  readonly tables: string;
  readonly at: string;
}

/** Newest first. Runs of other plans have other tables and other tenants: theirs are not offered. */
export async function keptArchives(
  session: PgSession,
  run: Pick<RunRef, 'id' | 'plan'>,
): Promise<readonly KeptArchive[]> {
  const [lane] = await session.query<{ there: boolean }>(`SELECT to_regclass('${ARCHIVE}') IS NOT NULL AS there`);
  if (!lane?.there) return [];
  const rows = await session.query<{ run: string; rows: string; tables: string; at: string }>(
    `SELECT run_id AS run, sum(n) AS rows, string_agg(table_name || ' ' || n, ', ' ORDER BY table_name) AS tables,
            to_char(max(at) AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') || ' UTC' AS at
       FROM (SELECT run_id, table_name, count(*) AS n, max(archived_at) AS at FROM ${ARCHIVE}
              WHERE starts_with(run_id, $1 || '.') AND run_id <> $2 AND ${NOT_A_RECORD} GROUP BY run_id, table_name) AS t
      GROUP BY run_id ORDER BY max(t.at) DESC LIMIT 10`,
    [run.plan, run.id],
  );
  return rows.map((r) => ({ ...r, rows: Number(r.rows) }));
}

/** A stretch of one table's archive: after `from` (absent: from the start), up to and with `to`; primary keys as jsonb text. */
export interface ArchiveWindow {
  readonly from?: string;
  readonly to: string;
}

/** SQL condition on an archive row `a`; parameters $1 run, $2 table, $3 from (null = from the start), $4 to. */
export const IN_WINDOW = `a.run_id = $1 AND a.table_name = $2 AND ($3::jsonb IS NULL OR a.pk > $3::jsonb) AND a.pk <= $4::jsonb`;

/** Walks the archive of one table in its own order, every window a short transaction. Answers the rows walked. */
export async function walkArchive(
  context: PgContext,
  kept: { readonly run: string; readonly table: string },
  work: (tx: PgSession, values: readonly [string, string, string | null, string]) => Promise<void>,
): Promise<number> {
  let from: string | null = null;
  let rows = 0;
  for (;;) {
    context.signal.throwIfAborted();
    const window: { readonly to: string; readonly rows: number } | undefined = await context.transaction(async (tx) => {
      await stableText(tx);
      const [next] = await tx.query<{ to: string | null; rows: string }>(
        `WITH w AS MATERIALIZED (
           SELECT a.pk FROM ${ARCHIVE} a WHERE a.run_id = $1 AND a.table_name = $2 AND ($3::jsonb IS NULL OR a.pk > $3::jsonb)
            ORDER BY a.pk LIMIT ${WINDOW})
         SELECT (SELECT w.pk::text FROM w ORDER BY w.pk DESC LIMIT 1) AS to, (SELECT count(*) FROM w) AS rows`,
        [kept.run, kept.table, from],
      );
      if (!next?.to) return undefined;
      await work(tx, [kept.run, kept.table, from, next.to]);
      return { to: next.to, rows: Number(next.rows) };
    });
    if (!window) return rows;
    rows += window.rows;
    context.progress({ doing: `putting back ${kept.table}`, done: rows, unit: 'rows' });
    if (window.rows < WINDOW) return rows;
    from = window.to;
  }
}

const WINDOW = 2_000;
