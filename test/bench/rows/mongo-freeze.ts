import { setTimeout as sleep } from 'node:timers/promises';
import { idOf, KEY } from '../mongo/documents';
import { FreezePlace, QUIET_MS } from '../mongo/freeze-place';
import { underLoad, type Operation } from '../mongo/load-process';
import type { Bench, Line, Measured, Row } from '../row';
import { largest, median, ms, sum, times } from '../stats';

/** The freeze and its way back, again and again, while an application reads and writes: how long writes are refused. */
export const mongoFreezeRow: Row = {
  id: 'mongo-freeze',
  engine: 'mongodb',
  title: 'Freeze held under load against the size of the collection',
  measure: async (bench) => {
    const { small, documents } = bench.options.mongo;
    const found: Found[] = [];
    for (const size of [small, documents]) found.push(await measureAt(bench, size));
    return report(found, bench.options.mongo.rate);
  },
};

interface Found {
  readonly documents: number;
  readonly cycles: readonly Cycle[];
  /** Operations refused outside of any freeze, and all there were. */
  readonly refusedOutside: number;
  readonly operations: number;
}

interface Cycle {
  /** As the step says: from the moment the fence began to close to the one it was open again. */
  readonly heldMs: number;
  /** As the application saw it: from when its first refused write was due to the answer to its last. */
  readonly refusedMs: number;
  readonly backMs: number;
}

interface Timed {
  readonly heldMs: number;
  readonly from: number;
  readonly to: number;
}

async function measureAt(bench: Bench, size: number): Promise<Found> {
  await using freezing = await FreezePlace.open(bench, size);
  const { urls, documents } = freezing.place;
  const { value, operations } = await underLoad(bench, { url: urls.app, documents }, async () => {
    const cycles: (readonly [forward: Timed, back: Timed])[] = [];
    for (let n = 0; n < bench.options.mongo.cycles; n++) cycles.push(await cycleOn(freezing, n));
    return cycles;
  });
  const within = ({ from, to }: Timed): readonly Operation[] =>
    operations.filter(({ at, refused }) => refused && at >= from && at <= to);
  const inside = sum(value.flat().map((timed) => within(timed).length));
  return {
    documents,
    cycles: value.map(([forward, back]) => ({
      heldMs: forward.heldMs,
      refusedMs: spanOf(within(forward)),
      backMs: back.heldMs,
    })),
    refusedOutside: operations.filter(({ refused }) => refused).length - inside,
    operations: operations.length,
  };
}

/** With a hundred late documents to sweep, as writers leave them. */
async function cycleOn(freezing: FreezePlace, n: number): Promise<readonly [Timed, Timed]> {
  const { collection, documents } = freezing.place;
  const apart = Math.floor(documents / LATE);
  const ids = Array.from({ length: LATE }, (_, i) => idOf(i * apart + (n % apart)));
  await collection.updateMany({ _id: { $in: ids } as never }, { $unset: { [KEY]: '' } });
  const forward = await timed(freezing, 'do');
  await sleep(300);
  const back = await timed(freezing, 'undo');
  await sleep(300);
  return [forward, back];
}

async function timed(freezing: FreezePlace, verb: 'do' | 'undo'): Promise<Timed> {
  const from = Date.now();
  const { figures } = await freezing.freeze(verb);
  return { heldMs: Number(figures?.['heldMs'] ?? Number.NaN), from, to: Date.now() };
}

function spanOf(refused: readonly Operation[]): number {
  if (refused.length === 0) return Number.NaN;
  return Math.max(...refused.map(({ at, ms: took }) => at + took)) - Math.min(...refused.map(({ at }) => at));
}

const LATE = 100;

function report(found: readonly Found[], rate: number): Measured {
  const [few, many] = found;
  if (!few || !many) throw new Error('Two sizes are compared.');
  const held = ({ cycles }: Found): number => median(cycles.map((c) => c.heldMs));
  const ratio = held(many) / held(few);
  const line = (at: Found): Line => ({
    what: `freeze held at ${rate} ops/s, ${at.documents.toLocaleString('en')} documents`,
    measured: `${ms(held(at))} (max ${ms(largest(at.cycles.map((c) => c.heldMs)))}, of ${at.cycles.length})`,
    target: '-',
    ratio: '',
  });
  const outside = sum(found.map((f) => f.refusedOutside));
  return {
    lines: [
      line(few),
      line(many),
      {
        what: 'the same, large against small',
        measured: times(ratio),
        target: '<= 1.5x',
        ratio: times(ratio),
        met: ratio <= 1.5,
      },
      {
        what: 'operations refused outside of the freezes',
        measured: `${outside} of ${sum(found.map((f) => f.operations))}`,
        target: '0',
        ratio: '',
        met: outside === 0,
      },
    ],
    data: found,
    notes: [
      `Fence by role, forward and back in turn, 100 documents swept in each; within the hold: refusals proved, ${QUIET_MS} ms of silence listened for, sweep, a deployment that takes no time, its proof, the switch. No service of a real application is restarted in it; the whole runs have one.`,
      `As the application saw it, from when its first refused write was due to the answer to its last: ${found.map((f) => ms(median(f.cycles.map((c) => c.refusedMs)))).join(' and ')}. Way back held: ${found.map((f) => ms(median(f.cycles.map((c) => c.backMs)))).join(' and ')}.`,
    ],
  };
}
