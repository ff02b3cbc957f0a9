import { clip, done, evidenceOf, type Check } from '../../../src/core/evidence';
import type { Expectation } from '../../../src/core/step';
import type { PgContext, PgSession, PgStepHandler } from '../context';
import { readOnly } from '../read-only';
import { CURSOR, cursorSql } from '../statements/query';

export interface Answer {
  readonly rows: number;
  /** At most five. */
  readonly first: readonly Record<string, unknown>[];
}

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

export function compare(name: string, expect: Expectation, answer: Answer): Check {
  const shown =
    answer.first.length > 0 ? `: ${clip(answer.first.map((row) => JSON.stringify(row)).join(', '), 500)}` : '';
  const observed = `${answer.rows} rows${shown}`;
  if ('value' in expect) {
    const value = firstValue(answer);
    const right = answer.rows === 1 && value === expect.value;
    return { name, verdict: right ? 'pass' : 'fail', expected: `one row: ${expect.value}`, observed };
  }
  const right = 'rows' in expect ? answer.rows === expect.rows : answer.rows >= expect.atLeast;
  return {
    name,
    verdict: right ? 'pass' : 'fail',
    expected: 'rows' in expect ? `${expect.rows} rows` : `at least ${expect.atLeast} rows`,
    observed,
  };
}

function firstValue({ first }: Answer): string | undefined {
  const value = Object.values(first[0] ?? {})[0];
  if (value === undefined) return undefined;
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}

const SHOWN = 5;
const TIMEOUT_MS = 10 * 60_000;
