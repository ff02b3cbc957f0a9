import { done } from '../../../src/core/evidence';
import { observeFor } from '../../observe/observe';
import type { Watch } from '../../observe/watch';
import { keepLogs } from '../../probes/keep-log';
import type { Resources } from '../../resources';
import type { PgContext, PgSession, PgStepHandler } from '../context';
import { readForgotten, type Forgotten } from '../forgotten';
import { indexUse } from '../index-use';
import { ask } from './observe-ask';

type Context = PgContext<'observe'>;

/** Captures `forgotten` at its start: contract may drop the stamping only when those counters stood still. */
export function observeStep(resources: Resources): PgStepHandler<'observe'> {
  return {
    do: async (context) => {
      const { stamped = [] } = context.args;
      const before = await context.capture<Forgotten>('forgotten', () =>
        context.read((session) => readForgotten(session, stamped)),
      );
      return observeFor(context, {
        ask: (probe) => ask(resources, context, probe),
        load: () => load(context),
        save: (watch) => save(context, watch),
        atTheEnd: async () => ({
          ...(await context.read((session) => lastFigures(session, context, before))),
          ...(context.args.keep ? await keepLogs(resources, context, context.args.keep) : {}),
        }),
      });
    },
    undo: async () => done('Nothing was changed by observing.'),
  };
}

/** Who still forgot the key meanwhile, and what the new indexes were good for. */
async function lastFigures(
  session: PgSession,
  { args }: Context,
  before: Forgotten,
): Promise<Record<string, number | string>> {
  const { stamped = [], indexes = [] } = args;
  const now = await readForgotten(session, stamped);
  const counted = Object.entries(now.tables).map(([table, n]) => n - (before.tables[table] ?? 0));
  const rows = counted.reduce((sum, n) => sum + n, 0);
  const used = await indexUse(session, indexes);
  if (stamped.length === 0) return used;
  const known = now.serverStart === before.serverStart;
  return { rowsWithoutKey: known ? rows : 'not known: the server restarted', ...used };
}

async function load(context: Context): Promise<Watch | undefined> {
  const key = [context.run.id, context.step.id];
  const [row] = await context.read((s: PgSession) =>
    s.query<{ value: Watch }>(
      `SELECT value FROM cutover.progress WHERE run_id = $1 AND step = $2 AND name = 'watch'`,
      key,
    ),
  );
  return row?.value;
}

async function save(context: Context, watch: Watch): Promise<void> {
  await context.transaction((tx) =>
    tx.execute(
      `INSERT INTO cutover.progress (run_id, step, name, value) VALUES ($1, $2, 'watch', $3)
       ON CONFLICT (run_id, step, name) DO UPDATE SET value = EXCLUDED.value, at = now()`,
      [context.run.id, context.step.id, JSON.stringify(watch)],
    ),
  );
}
