import { clip, done, evidenceOf, type Check } from '../../../src/core/evidence';
import { compare, type Answer } from '../../expectation';
import type { PgContext, PgSession, PgStepHandler } from '../context';
import { readOnly } from '../read-only';
import { CURSOR, cursorSql } from '../statements/query';

/** A query of the plan against what it must answer. */
export const queryStep: PgStepHandler<'query'> = {
  do: async (context) => {
    const checks: Check[] = [];
    for (const actor of context.args.as) {
      const answer = await context.read((session) => ask(session, context), actor);
      checks.push(compare(`the plan's query, as ${actor}`, context.args.expect, answer));
    }
    const verdict = checks.every((c) => c.verdict === 'pass') ? 'answers as expected' : 'answers otherwise';
    return context.commit(async () =>
      evidenceOf(`${clip(context.args.sql.trim().replace(/\s+/g, ' '), 120)} ${verdict}`, checks),
    );
  },
  undo: async (context) => context.commit(async () => done('Asking changed nothing')),
};

async function ask(session: PgSession, context: PgContext<'query'>): Promise<Answer> {
  return askReadOnly(session, { sql: context.args.sql, timeoutMs: TIMEOUT_MS });
}

/** Runs one SELECT once, in a transaction that the server keeps from writing; counts its rows and keeps the first. */
export async function askReadOnly(
  session: PgSession,
  question: { readonly sql: string; readonly timeoutMs: number },
): Promise<Answer> {
  const cursor = cursorSql(question.sql);
  return readOnly(session, { timeoutMs: question.timeoutMs }, async () => {
    await session.execute(cursor);
    const first = await session.query(`FETCH FORWARD ${SHOWN} FROM ${CURSOR}`);
    const more = await session.execute(`MOVE FORWARD ALL FROM ${CURSOR}`);
    return { rows: first.length + more, first };
  });
}

const SHOWN = 5;
const TIMEOUT_MS = 10 * 60_000;
