import { Place } from '../mongo/place';
import type { Bench, Measured, Row } from '../row';
import { median, times } from '../stats';

/** How the backfill's time grows with the collection. */
export const mongoGrowthRow: Row = {
  id: 'mongo-growth',
  engine: 'mongodb',
  title: 'Growth of the backfill with the collection',
  measure: async (bench) => {
    const { documents, small } = bench.options.mongo;
    const sizes = [small, small * 2, small * 4, documents];
    const points: Point[] = [];
    for (const size of sizes) points.push(await pointAt(bench, size));
    return report(points);
  },
};

interface Point {
  readonly documents: number;
  readonly stepMs: readonly number[];
  readonly windowsMs: readonly number[];
}

async function pointAt(bench: Bench, documents: number): Promise<Point> {
  await using place = await Place.open({ bench, name: 'growth', documents });
  const [stepMs, windowsMs]: [number[], number[]] = [[], []];
  for (let n = 0; n < bench.options.mongo.repeats; n++) {
    const stamped = await place.stamp();
    stepMs.push(stamped.ms);
    windowsMs.push(stamped.windowsMs);
    await place.reset();
  }
  return { documents, stepMs, windowsMs };
}

function report(points: readonly Point[]): Measured {
  const exponent = (pick: (p: Point) => readonly number[]): number =>
    slope(points.map((p) => [Math.log(p.documents), Math.log(median(pick(p)))] as const));
  const [step, windows] = [exponent((p) => p.stepMs), exponent((p) => p.windowsMs)];
  const text = (pick: (p: Point) => readonly number[]): string =>
    points.map((p) => `${p.documents.toLocaleString('en')}: ${(median(pick(p)) / 1000).toFixed(2)} s`).join(', ');
  const [first, last] = [points[0], points.at(-1)];
  const grown = first && last ? median(last.stepMs) / median(first.stepMs) : Number.NaN;
  return {
    lines: [
      {
        what: `growth exponent of the stamp step, ${first?.documents.toLocaleString('en')} to ${last?.documents.toLocaleString('en')} documents`,
        measured: step.toFixed(2),
        target: '<= 1.10',
        ratio: times(grown),
        met: step <= 1.1,
      },
      {
        what: 'growth exponent of its windows',
        measured: windows.toFixed(2),
        target: '<= 1.10',
        ratio: '',
        met: windows <= 1.1,
      },
    ],
    data: points,
    notes: [
      `The slope of log(time) over log(documents), no application, medians of ${points[0]?.stepMs.length ?? 0}: ${text((p) => p.stepMs)}; the windows ${text((p) => p.windowsMs)}.`,
    ],
  };
}

/** Of the straight line nearest to the points. */
function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (pick: (p: readonly [number, number]) => number): number =>
    points.reduce((total, p) => total + pick(p), 0) / points.length;
  const [mx, my] = [mean(([x]) => x), mean(([, y]) => y)];
  return mean(([x, y]) => (x - mx) * (y - my)) / mean(([x]) => (x - mx) ** 2);
}
