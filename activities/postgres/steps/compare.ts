import { clip, done, evidenceOf, expectEqual, type Check } from '../../../src/core/evidence';
import type { Actor } from '../../../src/core/tenancy-args';
import type { PgContext, PgSession, PgStepHandler } from '../context';
import { indexUse } from '../index-use';
import { askWatch, type WatchAnswer } from '../watch-query';

type Context = PgContext<'compare'>;
type Watched = Context['args']['queries'][number];

/** The plan's watch queries again, against what preflight found: the same answer, and no index lost. Times are shown. */
export const compareStep: PgStepHandler<'compare'> = {
  do: async (context) => {
    const { args } = context;
    const checks: Check[] = [];
    const figures: Record<string, string> = {};
    for (const query of args.queries) {
      const reference = { step: args.baseline, name: `watch:${query.name}` };
      const before = await context.captured<Readonly<Record<Actor, WatchAnswer>>>(reference);
      const times: string[] = [];
      for (const actor of args.as) {
        context.signal.throwIfAborted();
        context.progress({ doing: `asking ${query.name} as ${actor}` });
        const pair = { before: before[actor], now: await context.read((s) => askWatch(s, query.sql), actor) };
        checks.push(answerCheck(query, actor, pair), await context.read((s) => planCheck(s, query, actor, pair)));
        times.push(`${actor} ${timeText(pair)}`);
      }
      figures[`watch ${query.name}`] = times.join(', ');
    }
    Object.assign(figures, await context.read((session) => indexUse(session, args.indexes)));
    const well = checks.every((c) => c.verdict === 'pass');
    const summary = `${args.queries.length} watched queries ${well ? 'answer as before' : 'do otherwise than before'}: ${Object.entries(
      figures,
    )
      .filter(([name]) => name.startsWith('watch '))
      .map(([name, text]) => `${name.slice('watch '.length)} ${text}`)
      .join('; ')}`;
    return context.commit(async () => evidenceOf(summary, checks, figures));
  },
  undo: async (context) => context.commit(async () => done('Asking changed nothing')),
};

interface Pair {
  readonly before: WatchAnswer;
  readonly now: WatchAnswer;
}

/** Rows are compared one by one where they have the same columns; a new column changes every row of a SELECT *. */
function answerCheck(query: Watched, actor: Actor, { before, now }: Pair): Check {
  const name = `${query.name} as ${actor}: answer`;
  const added = now.columns.filter((c) => !before.columns.includes(c));
  const gone = before.columns.filter((c) => !now.columns.includes(c));
  const rows = `${now.rows} rows`;
  const changed = [...added.map((c) => `+${c}`), ...gone.map((c) => `-${c}`)].join(' ');
  const observed = changed === '' ? rows : `${rows}, columns ${changed}`;
  if (query.answer === 'may-change') {
    return { name, verdict: 'pass', expected: `whatever it is; before: ${before.rows} rows`, observed };
  }
  if (gone.length > 0 || added.length > 0)
    return { name, verdict: before.rows === now.rows ? 'pass' : 'fail', expected: `${before.rows} rows`, observed };
  const text = (a: WatchAnswer): string => `${a.rows} rows, digest ${a.digest.split('+')[0] ?? ''}`;
  const same = before.rows === now.rows && before.digest === now.digest;
  return { ...expectEqual(name, text(before), text(now)), verdict: same ? 'pass' : 'fail' };
}

async function planCheck(session: PgSession, query: Watched, actor: Actor, { before, now }: Pair): Promise<Check> {
  const fell = Object.keys(now.access).filter((t) => now.access[t] === 'scan' && before.access[t] === 'index');
  const big = fell.length === 0 ? [] : await bigOnes(session, fell);
  const [was, is] = [before.plan.join(' > '), now.plan.join(' > ')];
  return {
    name: `${query.name} as ${actor}: plan`,
    verdict: big.length === 0 ? 'pass' : 'fail',
    expected: 'no table of more than 10,000 rows is read in full where an index was used',
    observed: clip(
      `${big.length > 0 ? `${big.join(', ')} read in full; ` : ''}${was === is ? `as before: ${is}` : `${was} -> ${is}`}`,
      1_000,
    ),
  };
}

async function bigOnes(session: PgSession, tables: readonly string[]): Promise<readonly string[]> {
  const rows = await session.query<{ name: string }>(
    `SELECT n.nspname || '.' || c.relname AS name FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname || '.' || c.relname = ANY ($1::text[])
        AND CASE WHEN c.reltuples < 0 THEN pg_relation_size(c.oid) / 100 ELSE c.reltuples END > ${BIG} ORDER BY 1`,
    [tables],
  );
  return rows.map((r) => r.name);
}

function timeText({ before, now }: Pair): string {
  return `${before.ms} -> ${now.ms} ms (${(now.ms / Math.max(before.ms, 0.01)).toFixed(1)}x)`;
}

/** Below this a full read costs nothing that anyone would notice, and planners prefer it. */
const BIG = 10_000;
