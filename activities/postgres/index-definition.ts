import type { StepArgs } from '../../src/core/step';
import type { Index } from './catalog';
import type { PgSession } from './context';
import { qualified } from './identifiers';
import { indexColumns } from './statements/index-concurrently';

/**
 * How the server itself would write this index: it is made on an empty temporary copy of the table and read back.
 * Comparing texts of our own would take `created_at DESC` and `"created_at" desc nulls first` for two indexes.
 */
export async function expectedDefinition(tx: PgSession, args: StepArgs['index']): Promise<string> {
  await tx.execute(`CREATE TEMPORARY TABLE cutover_probe (LIKE ${qualified(args.table)}) ON COMMIT DROP`);
  await tx.execute(`CREATE INDEX cutover_probe_index ON cutover_probe USING btree (${indexColumns(args.columns)})`);
  const rows = await tx.query<{ definition: string }>(
    `SELECT pg_get_indexdef('pg_temp.cutover_probe_index'::regclass) AS definition`,
  );
  await tx.execute('DROP TABLE pg_temp.cutover_probe');
  return method(rows[0]?.definition ?? '');
}

export function sameDefinition(index: Index, table: string, expected: string): boolean {
  return index.table === table && !index.unique && method(index.definition) === expected;
}

/** From USING on: access method, columns, predicate; what comes before are names. */
function method(definition: string): string {
  return definition.slice(definition.indexOf(' USING ') + 1);
}
