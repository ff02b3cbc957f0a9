import { CutoverError } from '../../../src/core/failure';
import type { StepArgs } from '../../../src/core/step';
import { splitStatements } from '../split-statements';
import type { Statement, StepStatements } from './statement';

/** The plan's query, in a transaction that the server keeps from writing. */
export function queryStatements(args: StepArgs['query']): StepStatements {
  const read: Statement = { sql: cursorSql(args.sql), lock: 'as the query reads; nothing can be written' };
  return { forward: [{ sql: 'BEGIN TRANSACTION READ ONLY', lock: 'none' }, read], back: [] };
}

/** A cursor: the query runs once, and what it answers need not fit into memory to be counted. */
export function cursorSql(sql: string): string {
  return `DECLARE ${CURSOR} NO SCROLL CURSOR FOR ${oneSelect(sql)}`;
}

/** The query without the semicolon at its end. Several statements in one text could leave the transaction that keeps them from writing. */
export function oneSelect(sql: string): string {
  const statements = splitStatements(sql);
  if (statements.length !== 1 || !/^(SELECT|WITH|VALUES|TABLE|\()/i.test(statements[0] ?? '')) {
    throw new CutoverError(
      'Misconfigured',
      `The query "${sql.trim().slice(0, 60)}" is not one SELECT; a check reads, and asks one thing.`,
    );
  }
  return sql.trim().replace(/;\s*$/, '');
}

export const CURSOR = 'cutover_answer';
