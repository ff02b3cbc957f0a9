import type { StepArgs } from '../../src/core/step';
import type { PgSession } from './context';
import { literal, qualified } from './identifiers';
import { keyNames } from './names';
import { HELD_MS } from './together';

/** What the catalog says of a table and its key. */
export interface KeyFacts {
  /** Changes when the table is rewritten. */
  readonly filenode: string;
  /** Without modifiers; null = no such column. */
  readonly type: string | null;
  readonly default: string | null;
  /** The value that rows from before ADD COLUMN read, without having been rewritten. */
  readonly missing: string | null;
  /** How the stamping trigger is enabled; null = there is none. */
  readonly trigger: string | null;
  /** How long the step's lock has been held so far. */
  readonly heldMs: number | null;
}

/** In one question without parameters, so that it can ride on the message that made the key. */
export function keyFactsSql({ table, column }: Pick<StepArgs['key'], 'table' | 'column'>): string {
  const stamp = keyNames(table, column).stamp.trigger;
  return `SELECT coalesce(pg_relation_filenode(c.oid)::text, '') AS filenode, format_type(a.atttypid, NULL) AS type,
       pg_get_expr(d.adbin, d.adrelid) AS default,
       CASE WHEN a.atthasmissing THEN (a.attmissingval::text::text[])[1] END AS missing,
       (SELECT tgenabled::text FROM pg_catalog.pg_trigger WHERE tgrelid = c.oid AND tgname = ${literal(stamp)}) AS trigger,
       ${HELD_MS} AS "heldMs"
  FROM pg_catalog.pg_class c
  LEFT JOIN pg_catalog.pg_attribute a
         ON a.attrelid = c.oid AND a.attname = ${literal(column)} AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
 WHERE c.oid = to_regclass(${literal(qualified(table))})`;
}

export async function readKeyFacts(session: PgSession, args: StepArgs['key']): Promise<KeyFacts | undefined> {
  return (await session.query<KeyFacts>(keyFactsSql(args)))[0];
}
