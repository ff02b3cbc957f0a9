import { Client } from 'pg';
import type { Row } from '../../shared/append-log';

/** Finds archived values: for a qualified table and primary keys as text, by key, every value archived for it. */
export type ArchiveLookup = (table: string, ids: readonly string[]) => Promise<ReadonlyMap<string, readonly Row[]>>;

/** Reads `cutover.archive (run_id, table_name, pk, value)` behind `url`, whose role must be able to read the tool's schema. */
export function archiveIn(url: string): ArchiveLookup {
  return async (table, ids) => {
    const client = new Client({ connectionString: url, application_name: 'example-check' });
    await client.connect();
    try {
      const { rows } = await client.query<{ id: string; values: Row[] }>(
        `SELECT pk->>'id' AS id, jsonb_agg(value) AS values
           FROM cutover.archive
          WHERE table_name = $1 AND pk->>'id' = ANY ($2::text[])
          GROUP BY 1`,
        [table, [...ids]],
      );
      return new Map(rows.map((row) => [row.id, row.values]));
    } finally {
      await client.end();
    }
  };
}
