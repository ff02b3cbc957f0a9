import { describeError } from '../../../src/core/failure';
import type { Json } from '../../../src/core/json';
import type { FlagSwitch, PreflightArgs } from '../../../src/core/step';
import type { PgContext, PgSession } from '../context';
import { ident, qualified } from '../identifiers';
import { readOnly } from '../read-only';
import { check, type Findings } from './findings';

/** The flag as it is before anything is done; captured as `flag`. */
export async function flagFindings(
  context: PgContext<'preflight'>,
  session: PgSession,
  flag: FlagSwitch,
): Promise<Findings> {
  const expected = `${flag.table} has ${flag.key}, and it is not yet ${flag.to}`;
  const found = await ask(() =>
    readOnly(session, { timeoutMs: 5_000 }, () =>
      session.query<{ value: string | null }>(
        `SELECT ${ident(flag.valueColumn)}::text AS value FROM ${qualified(flag.table)} WHERE ${ident(flag.keyColumn)}::text = $1`,
        [flag.key],
      ),
    ),
  );
  if ('problem' in found)
    return {
      checks: [
        check('flag', expected, [`${flag.table} cannot be read (${found.problem}); correct the flag in the plan`]),
      ],
    };
  const value = found.answer[0]?.value;
  await context.capture<Json>('flag', async () => ({ existed: found.answer.length > 0, value: value ?? null }));
  const problems =
    found.answer.length !== 1
      ? [
          `${found.answer.length} rows of ${flag.table} have ${flag.keyColumn} = ${flag.key}; insert the one that the application reads, with the value of the old shape`,
        ]
      : value === flag.to
        ? [`it is ${flag.to} already: the switch has been thrown; set it back, or correct the plan`]
        : [];
  return { checks: [check('flag', expected, problems, `${flag.key} = ${value ?? 'null'}`)] };
}

/** How the plan's watch queries do before anything changes; captured as `watch:<name>` for observe to compare with. */
export async function watchFindings(
  context: PgContext<'preflight'>,
  session: PgSession,
  watch: PreflightArgs['watch'],
): Promise<Findings> {
  const problems: string[] = [];
  const figures: Record<string, number> = {};
  for (const { name, sql } of watch) {
    const found = await ask(() => baseline(session, sql));
    if ('problem' in found) {
      problems.push(`"${name}" fails (${found.problem}); correct it in the plan`);
      continue;
    }
    const kept = await context.capture<Baseline>(`watch:${name}`, async () => found.answer);
    figures[`watch ${name} ms`] = kept.ms;
  }
  return watch.length === 0
    ? { checks: [] }
    : { checks: [check('watch queries', `${watch.length} answer`, problems)], figures };
}

interface Baseline {
  readonly [key: string]: number | string;
  /** Median of three. */
  readonly ms: number;
  readonly rows: number;
  readonly plan: string;
}

async function baseline(session: PgSession, sql: string): Promise<Baseline> {
  return readOnly(session, { timeoutMs: 60_000 }, async () => {
    const times: number[] = [];
    let rows = 0;
    for (let n = 0; n < 3; n += 1) {
      const from = performance.now();
      rows = (await session.query(sql)).length;
      times.push(performance.now() - from);
    }
    const explained = await session.query<Record<string, string>>(`EXPLAIN (COSTS off) ${sql}`);
    const plan = explained.map((line) => Object.values(line)[0] ?? '').join('\n');
    return { ms: Number((times.sort((a, b) => a - b)[1] ?? 0).toFixed(2)), rows, plan: plan.slice(0, 4_000) };
  });
}

/** The answer, or why there is none: a query of the plan that fails is an observation. */
async function ask<T>(work: () => Promise<T>): Promise<{ readonly answer: T } | { readonly problem: string }> {
  try {
    return { answer: await work() };
  } catch (error) {
    return { problem: describeError(error) };
  }
}
