import type { StepArgs } from '../../../src/core/step';
import { CutoverError } from '../../../src/core/failure';
import { ident, qualified, split } from '../identifiers';
import { commentOn } from '../marker';
import { asOwner, NO_LOCK, type Given, type Statement, type StepStatements } from './statement';

type IndexArgs = StepArgs['index'];

/** An index that is built, and dropped, beside the writing application. */
export function indexStatements(args: IndexArgs, given: Given): StepStatements {
  return {
    forward: [
      asOwnerOfSession(given.owner),
      createIndex(args),
      { sql: commentOn(`INDEX ${qualified(indexName(args))}`, given.marker), lock: NO_LOCK },
    ],
    back: [asOwnerOfSession(given.owner), dropIndex(args)],
  };
}

/** An index lives in the schema of its table. */
export function indexName(args: Pick<IndexArgs, 'table' | 'name'>): string {
  return `${split(args.table).schema}.${args.name}`;
}

/** Never IF NOT EXISTS: it would take an INVALID leftover for an index. */
export function createIndex(args: IndexArgs): Statement {
  return {
    sql: `CREATE INDEX CONCURRENTLY ${ident(args.name)} ON ${qualified(args.table)} USING btree (${indexColumns(args.columns)})`,
    lock: `SHARE UPDATE EXCLUSIVE on ${args.table}: readers and writers go on; waits for transactions that are older`,
  };
}

export function dropIndex(args: Pick<IndexArgs, 'table' | 'name'>): Statement {
  return {
    sql: `DROP INDEX CONCURRENTLY ${qualified(indexName(args))}`,
    lock: `SHARE UPDATE EXCLUSIVE on ${args.table}: readers and writers go on`,
  };
}

/** `created_at desc` as `"created_at" DESC`; anything but a name and a direction is refused. */
export function indexColumns(columns: readonly string[]): string {
  return columns.map(indexColumn).join(', ');
}

function indexColumn(text: string): string {
  const found = /^\s*(\S+?)(\s+(?:asc|desc))?(\s+nulls\s+(?:first|last))?\s*$/i.exec(text);
  if (!found?.[1] || /["'();,]/.test(found[1])) {
    throw new CutoverError(
      'Misconfigured',
      `"${text}" is not a column of an index; write a name and, if need be, a direction: created_at desc.`,
    );
  }
  const order = `${found[2] ?? ''}${found[3] ?? ''}`.replace(/\s+/g, ' ').toUpperCase();
  return `${ident(found[1])}${order}`;
}

function asOwnerOfSession(owner: string): Statement {
  const statement = asOwner(owner);
  return { ...statement, sql: statement.sql.replace('SET LOCAL', 'SET') };
}
