import type { StepArgs } from '../../../src/core/step';
import { ARCHIVE } from '../archive';
import { ident, literal, qualified } from '../identifiers';
import { NO_LOCK, reading, type Given, type StepStatements } from './statement';

type RegistryArgs = StepArgs['registry'];

/** The default tenant's row. Its undo is that of the table it lies in. */
export function registryStatements(args: RegistryArgs, given: Given, stepId: string): StepStatements {
  const tenant = given.value({ step: stepId, name: 'tenant' });
  const values = Object.keys(args.values).map((c, i) => `$${i + 2}: ${ident(c)} = ${literal(args.values[c] ?? '')}`);
  return {
    forward: [
      { sql: findTenantSql(args), lock: reading(args.table) },
      { sql: archivedTenantSql(), lock: NO_LOCK },
      { sql: `${insertTenantSql(args)}\n-- $1: ${literal(tenant)}, ${values.join(', ')}`, lock: NO_LOCK },
    ],
    back: [],
  };
}

/** Parameter $1: what identifies the default tenant. */
export function findTenantSql(args: RegistryArgs): string {
  return `SELECT ${ident(args.id)}::text AS id FROM ${qualified(args.table)} WHERE ${ident(args.identify)} = $1`;
}

/** The id that an earlier run gave this tenant and archived; parameters: table, id column, identifying column, its value. */
export function archivedTenantSql(): string {
  return `SELECT value ->> $2 AS id, run_id FROM ${ARCHIVE}
 WHERE table_name = $1 AND value ->> $3 = $4 AND value ->> $2 IS NOT NULL ORDER BY archived_at DESC LIMIT 1`;
}

/** Parameters: $1 the id as text, then the values in the plan's order. */
export function insertTenantSql(args: RegistryArgs): string {
  const columns = Object.keys(args.values);
  const names = [args.id, ...columns].map(ident).join(', ');
  const values = ['$1', ...columns.map((_, i) => `$${i + 2}`)].join(', ');
  return `INSERT INTO ${qualified(args.table)} (${names}) VALUES (${values}) ON CONFLICT (${ident(args.identify)}) DO NOTHING`;
}

/** Whether each value of the row is the plan's, as c0, c1 ...; parameters: $1 what identifies it, then the values in the plan's order. */
export function deviationSql(args: RegistryArgs): string {
  const same = Object.keys(args.values).map((c, i) => `${ident(c)}::text = $${i + 2} AS c${i}`);
  return `SELECT ${same.join(', ')} FROM ${qualified(args.table)} WHERE ${ident(args.identify)} = $1`;
}

/** Parameters: $1 run, $2 table, $3 ids as text. */
export function takeOutSql(args: RegistryArgs): string {
  return `WITH gone AS (DELETE FROM ${qualified(args.table)} WHERE ${ident(args.id)}::text = ANY ($3::text[]) RETURNING *)
INSERT INTO ${ARCHIVE} (run_id, table_name, pk, value, archived_at)
SELECT $1, $2, jsonb_build_object(${literal(args.id)}, g.${ident(args.id)}), to_jsonb(g), now() FROM gone g
ON CONFLICT (run_id, table_name, pk) DO UPDATE SET value = EXCLUDED.value, archived_at = EXCLUDED.archived_at`;
}
