import { sweepDocuments } from '../../../activities/mongodb/rules/sweep';
import { COLLECTION, idOf, KEY, TENANT } from '../mongo/documents';
import { Place, RULE } from '../mongo/place';
import type { Measured, Row } from '../row';
import { median, ms, times } from '../stats';

/** What stands inside the freeze: a hundred late documents found and stamped by the index, and none left. */
export const mongoSweepRow: Row = {
  id: 'mongo-sweep',
  engine: 'mongodb',
  title: 'Sweep and zero check of 100 documents, with the index',
  measure: async (bench) => {
    const { small, documents, cycles } = bench.options.mongo;
    await using few = await Place.open({ bench, name: 'sweep', documents: small, stamped: true });
    await using many = await Place.open({ bench, name: 'sweep', documents, stamped: true });
    const places = [few, many].map((place) => ({ place, took: [] as number[] }));
    for (let n = 0; n <= cycles; n++)
      for (const { place, took } of places) {
        const found = await sweepOnce(place, n);
        if (n > 0) took.push(found); // the first one warms up
      }
    return report(places);
  },
};

interface Swept {
  readonly place: Place;
  readonly took: readonly number[];
}

async function sweepOnce(place: Place, n: number): Promise<number> {
  const apart = Math.floor(place.documents / LATE);
  const ids = Array.from({ length: LATE }, (_, i) => idOf(i * apart + (n % apart)));
  await place.collection.updateMany({ _id: { $in: ids } as never }, { $unset: { [KEY]: '' } });
  const from = performance.now();
  const { stamped, left } = await sweepDocuments({
    db: place.db,
    tables: [{ table: COLLECTION, column: KEY, rule: RULE }],
    tenants: () => TENANT,
    signal: new AbortController().signal,
    remember: { lane: place.lane, run: place.run.ref.id },
  });
  const took = performance.now() - from;
  if (stamped !== LATE || left !== 0) throw new Error(`The sweep stamped ${stamped} of ${LATE} and left ${left}.`);
  return took;
}

const LATE = 100;

function report([few, many]: readonly Swept[]): Measured {
  if (!few || !many) throw new Error('Two sizes are compared.');
  const ratio = median(many.took) / median(few.took);
  const line = ({ place, took }: Swept) => ({
    what: `sweep + zero check of ${LATE}, ${place.documents.toLocaleString('en')} documents`,
    measured: `${ms(median(took))} (max ${ms(Math.max(...took))}, of ${took.length})`,
    target: '-',
    ratio: '',
  });
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
    ],
    data: [few, many].map(({ place, took }) => ({ documents: place.documents, took })),
    notes: [
      'The sweep of the freeze: passes until one finds nothing, every kind of value by the index on the key. The last pass is the zero check.',
    ],
  };
}
