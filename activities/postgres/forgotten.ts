import type { PgSession } from './context';
import { qualified } from './identifiers';
import { keyNames } from './names';

/** How often rows came without their key, table by table. Two such values compare only within one start of the server: a crash moves them by up to 32. */
export type Forgotten = {
  readonly serverStart: string;
  readonly tables: Readonly<Record<string, number>>;
};

export interface KeyedTable {
  readonly table: string;
  readonly column: string;
}

/** Reads the counters of the stamping triggers; a table whose counter is gone is left out. */
export async function readForgotten(session: PgSession, tables: readonly KeyedTable[]): Promise<Forgotten> {
  const start = await session.query<{ at: string }>('SELECT pg_postmaster_start_time()::text AS at');
  const counted: Record<string, number> = {};
  for (const { table, column } of tables) {
    const sequence = qualified(keyNames(table, column).sequence);
    const there = await session.query<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [sequence]);
    if (!there[0]?.there) continue;
    const rows = await session.query<{ n: string }>(
      `SELECT CASE WHEN is_called THEN last_value ELSE 0 END AS n FROM ${sequence}`,
    );
    counted[table] = Number(rows[0]?.n ?? 0);
  }
  return { serverStart: start[0]?.at ?? '', tables: counted };
}
