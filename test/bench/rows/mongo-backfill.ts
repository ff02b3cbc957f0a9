import { setTimeout as sleep } from 'node:timers/promises';
import { underLoad, type Latency } from '../mongo/load-process';
import { Place, type Stamped } from '../mongo/place';
import type { Bench, Line, Measured, Row } from '../row';
import { largest, median, ms, sum, times } from '../stats';

/** The product's stamp step against what a person would type, in turn, on the same documents. */
export const mongoBackfillRow: Row = {
  id: 'mongo-backfill',
  engine: 'mongodb',
  title: 'Backfill against one updateMany',
  measure: async (bench) => {
    const { documents, repeats } = bench.options.mongo;
    await using place = await Place.open({ bench, name: 'backfill', documents });
    await place.updateMany(); // the first write of all documents makes every one of them longer
    await place.reset();
    const rounds: Round[] = [];
    for (let n = 0; n < repeats; n++)
      rounds.push(
        await bench.progress.step(`backfill ${n + 1} of ${repeats}`, () => roundOn(bench, place, n % 2 === 1)),
      );
    return report(rounds, documents, bench.options.mongo.rate);
  },
};

interface Round {
  readonly idle: Latency;
  readonly plain: number;
  readonly step: Stamped;
  readonly plainLoaded: { readonly ms: number; readonly latency: Latency };
  readonly stepLoaded: Stamped & { readonly latency: Latency };
}

/** In either order, so that whichever comes first has no advantage over all rounds. */
async function roundOn(bench: Bench, place: Place, stepFirst: boolean): Promise<Round> {
  const fresh = async <T>(work: () => Promise<T>): Promise<T> => {
    const value = await work();
    await place.reset();
    return value;
  };
  const inOrder = async <A, B>(plain: () => Promise<A>, step: () => Promise<B>): Promise<readonly [A, B]> => {
    if (!stepFirst) return [await fresh(plain), await fresh(step)];
    const second = await fresh(step);
    return [await fresh(plain), second];
  };
  const app = { url: place.urls.app, documents: place.documents };
  const [plain, step] = await inOrder(
    () => place.updateMany(),
    () => place.stamp(),
  );
  const idle = await underLoad(bench, app, () => sleep(bench.options.mongo.idleMs));
  const [plainLoaded, stepLoaded] = await inOrder(
    () => underLoad(bench, app, () => place.updateMany()),
    () => underLoad(bench, app, () => place.stamp()),
  );
  return {
    ...{ idle: idle.latency, plain, step },
    plainLoaded: { ms: plainLoaded.value, latency: plainLoaded.latency },
    stepLoaded: { ...stepLoaded.value, latency: stepLoaded.latency },
  };
}

function report(rounds: readonly Round[], documents: number, rate: number): Measured {
  const of = (pick: (round: Round) => number): number => median(rounds.map(pick));
  const share = (pick: (round: Round) => readonly [number, number]): number =>
    median(rounds.map(pick).map(([plain, step]) => plain / step));
  const speed = (took: number): string =>
    `${Math.round(documents / (took / 1000)).toLocaleString('en')} documents/s (${(took / 1000).toFixed(2)} s)`;
  const against = (what: string, took: number, ratio: number, least?: number): Line => ({
    what,
    measured: speed(took),
    target: least === undefined ? '-' : `>= ${least}x updateMany`,
    ratio: times(ratio),
    ...(least === undefined ? {} : { met: ratio >= least }),
  });
  const idleP99 = of((r) => r.idle.p99);
  const latency = (what: string, pick: (round: Round) => Latency, most?: number): Line => {
    const ratio = median(rounds.map((r) => pick(r).p99 / r.idle.p99));
    return {
      what,
      measured: `p99 ${ms(of((r) => pick(r).p99))}, longest ${ms(largest(rounds.map((r) => pick(r).maxMs)))}`,
      target: most === undefined ? '-' : `p99 <= ${most}x idle`,
      ratio: times(ratio),
      ...(most === undefined ? {} : { met: ratio <= most }),
    };
  };
  const above = sum(rounds.map((r) => r.stepLoaded.latency.above50));
  const all = sum(rounds.map((r) => r.stepLoaded.latency.operations));
  const n = documents.toLocaleString('en');
  return {
    lines: [
      against(
        `updateMany of ${n} documents, no application`,
        of((r) => r.plain),
        1,
      ),
      against(
        'stamp step',
        of((r) => r.step.ms),
        share((r) => [r.plain, r.step.ms]),
      ),
      against(
        'its windows',
        of((r) => r.step.windowsMs),
        share((r) => [r.plain, r.step.windowsMs]),
        0.75,
      ),
      against(
        `updateMany, application at ${rate} ops/s`,
        of((r) => r.plainLoaded.ms),
        1,
      ),
      against(
        'stamp step, application',
        of((r) => r.stepLoaded.ms),
        share((r) => [r.plainLoaded.ms, r.stepLoaded.ms]),
      ),
      against(
        'its windows, application',
        of((r) => r.stepLoaded.windowsMs),
        share((r) => [r.plainLoaded.ms, r.stepLoaded.windowsMs]),
        0.6,
      ),
      {
        what: 'application, idle',
        measured: `p99 ${ms(idleP99)}, longest ${ms(largest(rounds.map((r) => r.idle.maxMs)))}`,
        target: '-',
        ratio: '1.00x',
      },
      latency('application during the stamp step', (r) => r.stepLoaded.latency, 3),
      {
        what: 'its operations above 50 ms',
        measured: `${above} of ${all} (idle ${sum(rounds.map((r) => r.idle.above50))} of ${sum(rounds.map((r) => r.idle.operations))})`,
        target: '0',
        ratio: '',
        met: above === 0,
      },
      latency('application during updateMany', (r) => r.plainLoaded.latency),
    ],
    data: rounds,
    notes: [
      `Medians of ${rounds.length}, in turn, on the same documents, the key taken out again in between. The step predicts, walks windows, sweeps, proves and writes its ledger; its windows are what writes, and what the target is about.`,
      `Windows of ${Math.round(of((r) => documents / r.step.windows))} documents on average without the application, two of them under way at once, ${Math.round(of((r) => documents / r.stepLoaded.windows))} with it, one at a time.`,
      `The application is a process of its own: ${rate} operations a second, half point reads, half point updates; an operation’s latency counts from when it was due.`,
    ],
  };
}
