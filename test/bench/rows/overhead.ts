import type { Measured, Row } from '../row';
import { median, ms, percentile, times } from '../stats';
import type { ActivityTime } from '../verb-times';
import type { WholeRun } from '../whole-run';

/** What a verb costs beside its SQL: the wrapper, the connection, Temporal's way there and back. */
export const overheadRow: Row = {
  id: 'overhead',
  engine: 'postgres',
  title: 'Time per verb minus its SQL, against a bare activity',
  measure: async (bench) => report(await bench.wholeRuns()),
};

/** Their time is a child process's, a store's or a clock's: neither SQL nor overhead. */
const OTHER_WORK = ['do backup', 'do drill', 'do observe', 'do preflight'];

function report(runs: readonly WholeRun[]): Measured {
  const bare = runs.flatMap((r) => r.noops).map((n) => n.ms);
  const verbs = runs.flatMap((r) => r.verbs).filter((v) => v.sqlMs !== undefined && !OTHER_WORK.includes(v.what));
  const rest = verbs.map(withoutSql);
  const ratio = median(rest) / median(bare);
  return {
    lines: [
      {
        what: 'bare activity, scheduled to completed',
        measured: `${ms(median(bare))} (p90 ${ms(percentile(bare, 0.9))}, of ${bare.length})`,
        target: '-',
        ratio: '1.00x',
      },
      {
        what: 'verb minus its SQL, scheduled to completed',
        measured: `${ms(median(rest))} (p90 ${ms(percentile(rest, 0.9))}, of ${rest.length})`,
        target: '<= 1.5x',
        ratio: times(ratio),
        met: ratio <= 1.5,
      },
    ],
    data: { bare: runs.map((r) => r.noops), verbs: runs.map((r) => r.verbs), byKind: byKind(verbs) },
    notes: [
      'From the events of the workflows’ histories: the same server, the same time; the bare activities run beside the verbs, on a worker of their own, in bursts of five, one right after the other as verbs are. Medians.',
      `Without backup, drill, preflight and observe, whose time is a child process’s, a store’s or a clock’s. Most above a bare activity: ${most(verbs, median(bare))}.`,
    ],
  };
}

function withoutSql(verb: ActivityTime): number {
  return verb.ms - (verb.sqlMs ?? 0);
}

function byKind(
  verbs: readonly ActivityTime[],
): Readonly<Record<string, { readonly rest: number; readonly sql: number; readonly n: number }>> {
  const kinds = [...new Set(verbs.map((v) => v.what))];
  return Object.fromEntries(
    kinds.map((kind) => {
      const own = verbs.filter((v) => v.what === kind);
      return [kind, { rest: median(own.map(withoutSql)), sql: median(own.map((v) => v.sqlMs ?? 0)), n: own.length }];
    }),
  );
}

function most(verbs: readonly ActivityTime[], bare: number): string {
  return Object.entries(byKind(verbs))
    .sort(([, a], [, b]) => b.rest - a.rest)
    .slice(0, 3)
    .map(([kind, { rest }]) => `${kind} ${times(rest / bare)}`)
    .join(', ');
}
