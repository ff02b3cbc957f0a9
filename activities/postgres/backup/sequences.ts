import { escapeIdentifier } from 'pg';
import type { PgSession } from '../context';

/** What a sequence would answer next, roughly: its last value, and whether that was given out. */
export interface SequenceValue {
  readonly value: string;
  readonly called: boolean;
}

/**
 * Sequences are outside every snapshot: pg_dump reads them while it runs, and a live application moves them meanwhile.
 * A restored one is right when it lies between what was read before and after the dump.
 */
export interface SequenceRange {
  readonly before: SequenceValue;
  readonly after: SequenceValue;
}

export async function readSequences(
  session: PgSession,
  exclude: readonly string[],
): Promise<Readonly<Record<string, SequenceValue>>> {
  const found = await session.query<{ schema: string; name: string; key: string }>(SEQUENCES, [exclude]);
  if (found.length === 0) return {};
  const parts = found.map(
    ({ schema, name }, index) =>
      `SELECT ${index} AS i, last_value::text AS value, is_called AS called FROM ${escapeIdentifier(schema)}.${escapeIdentifier(name)}`,
  );
  const values = await session.query<{ i: number; value: string; called: boolean }>(parts.join(' UNION ALL '));
  return Object.fromEntries(values.map(({ i, value, called }) => [found[i]?.key ?? '', { value, called }]));
}

export function within(range: SequenceRange, found: SequenceValue): boolean {
  const [low, high, it] = [position(range.before), position(range.after), position(found)];
  return low <= high ? low <= it && it <= high : high <= it && it <= low; // a descending sequence
}

/** Twice the value, plus one once it was given out: (1, not called) comes before (1, called). */
function position({ value, called }: SequenceValue): bigint {
  return BigInt(value) * 2n + (called ? 1n : 0n);
}

const SEQUENCES = `
SELECT n.nspname AS schema, c.relname AS name, format('%I.%I', n.nspname, c.relname) AS key
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind = 'S' AND c.relpersistence <> 't'
   AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND n.nspname <> ALL ($1::text[])
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                    WHERE e.classid = 'pg_catalog.pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
 ORDER BY 3`;
