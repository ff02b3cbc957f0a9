import type { StepArgs } from '../../../src/core/step';
import type { StepStatements } from './statement';

/** Catalog lookups only. */
export function shapeStatements(args: StepArgs['shape']): StepStatements {
  const tables = args.tables.map((t) => t.table).join(', ');
  return {
    forward: [{ sql: `-- reads pg_attribute, pg_constraint, pg_index and pg_trigger for ${tables}`, lock: 'none' }],
    back: [],
  };
}
