import type { QueryConfig } from 'pg';

const names = new Map<string, number>();
let generation = 0;

/** A named statement: parsed once per connection, as an ORM does it. The same text has the same name. */
export function prepared(text: string, values: readonly unknown[] = []): QueryConfig<unknown[]> {
  const number = names.get(text) ?? names.size;
  names.set(text, number);
  return { name: `s${number}_${generation}`, text, values: [...values] };
}

/**
 * PostgreSQL refuses a prepared `SELECT *` with 0A000 on every execution after a column was added. New names make every
 * connection prepare anew at its next use; the old ones end with their connection.
 */
export function prepareAnew(): void {
  generation += 1;
}
