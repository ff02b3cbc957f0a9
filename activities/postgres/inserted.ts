import { ARCHIVE } from './archive';
import type { PgSession } from './context';

/** Rows that this run put into a table that was there before it, beside the archive of what it took out. */
const PREFIX = 'inserted ';

/** In the transaction of the insert itself. `ids` as text. */
export async function recordInserted(
  tx: PgSession,
  runId: string,
  table: string,
  ids: readonly string[],
): Promise<void> {
  await tx.execute(
    `INSERT INTO ${ARCHIVE} (run_id, table_name, pk, value) SELECT $1, $2, jsonb_build_object('id', i), '{}'
       FROM unnest($3::text[]) AS i ON CONFLICT DO NOTHING`,
    [runId, PREFIX + table, ids],
  );
}

export async function insertedKeys(
  session: PgSession,
  runId: string,
  { table }: { readonly table: string },
): Promise<readonly string[]> {
  const rows = await session.query<{ id: string }>(
    `SELECT pk ->> 'id' AS id FROM ${ARCHIVE} WHERE run_id = $1 AND table_name = $2`,
    [runId, PREFIX + table],
  );
  return rows.map((r) => r.id);
}

/** SQL condition: a row of the archive that is none of these records. */
export const NOT_A_RECORD = `table_name NOT LIKE '${PREFIX}%'`;
