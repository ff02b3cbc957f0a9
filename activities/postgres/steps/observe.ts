import { setTimeout as sleep } from 'node:timers/promises';
import { breached, observe, type Window } from '../../../src/core/breach';
import { clip, done, evidenceOf, type Check, type Verdict } from '../../../src/core/evidence';
import type { Probe } from '../../../src/core/step';
import type { Resources } from '../../resources';
import type { PgContext, PgSession, PgStepHandler } from '../context';
import { readForgotten, type Forgotten } from '../forgotten';
import { indexUse } from '../index-use';
import { ask } from './observe-ask';

type Context = PgContext<'observe'>;

/** How far the watch has come; kept in the target, so that another worker goes on where this one was. */
interface Watch {
  readonly elapsedMs: number;
  readonly asked: number;
  readonly failed: number;
  readonly inconclusive: number;
  readonly windows: Readonly<Record<string, Window>>;
  readonly last: Readonly<Record<string, string>>;
  /** The round of the step that wrote it. */
  readonly round: number;
}

/**
 * Probes for as long as the plan says. The clock counts only time under observation: a pause stops it. Captures
 * `forgotten` at its start: contract may drop the stamping only when those counters stood still.
 */
export function observeStep(resources: Resources): PgStepHandler<'observe'> {
  return {
    do: async (context) => {
      const { args } = context;
      const { stamped = [] } = args;
      const before = await context.capture<Forgotten>('forgotten', () =>
        context.read((session) => readForgotten(session, stamped)),
      );
      let watch = await load(context);
      while (watch.elapsedMs < args.forMs) {
        const from = performance.now();
        watch = await round(resources, context, watch);
        if (brokenProbe(context, watch)) break;
        context.progress({
          doing: `observes, ${watch.failed} of ${watch.asked} answers failed`,
          done: watch.elapsedMs,
          total: args.forMs,
          unit: 'ms',
        });
        const pause = Math.min(args.everyMs - (performance.now() - from), args.forMs - watch.elapsedMs);
        if (pause > 0) await sleep(pause, undefined, { signal: context.signal });
        watch = { ...watch, elapsedMs: watch.elapsedMs + (performance.now() - from) };
        await save(context, watch);
      }
      if (args.probes.some((p) => !watch.windows[p.name])) watch = await round(resources, context, watch);
      const broken = brokenProbe(context, watch);
      if (broken) return breach(context, watch, broken);
      const atTheEnd = await context.read((session) => lastFigures(session, context, before));
      return evidenceOf(`observed for ${Math.round(watch.elapsedMs / 1000)} s`, verdicts(context, watch), {
        ...figures(watch),
        ...atTheEnd,
      });
    },
    undo: async () => done('Nothing was changed by observing.'),
  };
}

async function round(resources: Resources, context: Context, before: Watch): Promise<Watch> {
  let watch = before;
  for (const probe of context.args.probes) {
    const { verdict, observed } = await ask(resources, context, probe);
    watch = {
      ...watch,
      asked: watch.asked + 1,
      failed: watch.failed + (verdict === 'fail' ? 1 : 0),
      inconclusive: watch.inconclusive + (verdict === 'inconclusive' ? 1 : 0),
      windows: { ...watch.windows, [probe.name]: observe(watch.windows[probe.name] ?? [], verdict, context.args.of) },
      last: { ...watch.last, [probe.name]: clip(observed, 200) },
    };
  }
  return watch;
}

function brokenProbe({ args }: Context, watch: Watch): Probe | undefined {
  if (args.then === 'notify') return undefined;
  return args.probes.find((p) => breached(watch.windows[p.name] ?? [], args.failures));
}

function breach(context: Context, watch: Watch, probe: Probe) {
  const { failures, of } = context.args;
  return evidenceOf(
    `breach: probe ${probe.name} failed ${failures} times in its last ${of} answers`,
    verdicts(context, watch, probe.name),
    figures(watch),
  );
}

function verdicts(context: Context, watch: Watch, broken?: string): readonly Check[] {
  return context.args.probes.map((p): Check => {
    const window = watch.windows[p.name] ?? [];
    const verdict: Verdict = p.name === broken ? 'fail' : window.length === 0 ? 'inconclusive' : 'pass';
    return {
      name: p.name,
      verdict,
      expected: `fewer than ${context.args.failures} failures in ${context.args.of}`,
      observed: watch.last[p.name] ?? 'never answered',
    };
  });
}

function figures(watch: Watch): Record<string, number> {
  return {
    observedMs: Math.round(watch.elapsedMs),
    asked: watch.asked,
    failed: watch.failed,
    inconclusive: watch.inconclusive,
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

const START = { elapsedMs: 0, asked: 0, failed: 0, inconclusive: 0, windows: {}, last: {} };

/**
 * Another attempt goes on where the last one was, failures included. A new round of the step starts with empty windows,
 * or the same breach would be found again at once; its clock goes on.
 */
async function load(context: Context): Promise<Watch> {
  const key = [context.run.id, context.step.id];
  const [row] = await context.read((s: PgSession) =>
    s.query<{ value: Watch }>(
      `SELECT value FROM cutover.progress WHERE run_id = $1 AND step = $2 AND name = 'watch'`,
      key,
    ),
  );
  const watch = row?.value ?? START;
  const { round } = context;
  return 'round' in watch && watch.round === round ? watch : { ...watch, windows: {}, round };
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
