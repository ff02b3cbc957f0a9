import { describeError } from '../../../src/core/failure';
import type { Json } from '../../../src/core/json';
import type { FlagSwitch } from '../../../src/core/freeze-args';
import type { PreflightArgs } from '../../../src/core/preflight-args';
import type { PgContext, PgSession } from '../context';
import { ident, qualified } from '../identifiers';
import { readOnly } from '../read-only';
import { askWatch, type WatchAnswer } from '../watch-query';
import { check, type Findings } from '../../findings';

/** The flag as it is before anything is done; captured as `flag`. */
export async function flagFindings(
  context: Pick<PgContext<'preflight'>, 'capture'>,
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
        check('flag', expected, [
          `${flag.table} cannot be read (${found.problem}); correct the flag in the plan, or the rights of the tool's role`,
        ]),
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

/** How the plan's watch queries do before anything changes, as each who asks later; captured as `watch:<name>`. */
export async function watchFindings(
  context: Pick<PgContext<'preflight'>, 'read' | 'capture'>,
  watch: PreflightArgs['watch'],
): Promise<Findings> {
  const problems: string[] = [];
  const figures: Record<string, number> = {};
  for (const { name, sql, answer } of watch) {
    const found = await ask(() => baseline(context, sql));
    if ('problem' in found) {
      problems.push(`"${name}" fails (${found.problem}); correct it in the plan, or the rights of who asks`);
      continue;
    }
    if (answer !== 'may-change' && found.answer.owner.digest !== found.answer.again.digest) {
      problems.push(
        `"${name}" answers otherwise a moment later; ask for what stands still, or give it answer: may-change`,
      );
      continue;
    }
    const { owner, app } = found.answer;
    const kept = await context.capture(`watch:${name}`, async () => ({ owner, app }));
    figures[`watch ${name} ms`] = kept.owner.ms;
  }
  return watch.length === 0
    ? { checks: [] }
    : { checks: [check('watch queries', `${watch.length} answer`, problems)], figures };
}

async function baseline(
  context: Pick<PgContext<'preflight'>, 'read'>,
  sql: string,
): Promise<{ readonly owner: WatchAnswer; readonly app: WatchAnswer; readonly again: WatchAnswer }> {
  const owner = await context.read((session) => askWatch(session, sql), 'owner');
  const app = await context.read((session) => askWatch(session, sql), 'app');
  return { owner, app, again: await context.read((session) => askWatch(session, sql), 'owner') };
}

/** The answer, or why there is none: a query of the plan that fails is an observation. */
async function ask<T>(work: () => Promise<T>): Promise<{ readonly answer: T } | { readonly problem: string }> {
  try {
    return { answer: await work() };
  } catch (error) {
    return { problem: describeError(error) };
  }
}
