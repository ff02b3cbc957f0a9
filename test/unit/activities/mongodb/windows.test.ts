import fc from 'fast-check';
import { BSON } from 'mongodb';
import { idText, readId, rest } from '../../../../activities/mongodb/id-stream';
import { bracketOf, BRACKETS, isNaNId, reachOf } from '../../../../activities/mongodb/ids';
import { knownId, rawId } from '../../../../activities/mongodb/raw-id';
import { cutWindows, readAhead, upperBound, within, type Window } from '../../../../activities/mongodb/windows';

const { Binary, Code, DBRef, Decimal128, Double, Int32, Long, MaxKey, MinKey, ObjectId, Timestamp, UUID } = BSON;

/** In the server's order: 33 ids of 14 BSON types. */
const MIXED: readonly unknown[] = [
  new MinKey(),
  null,
  new Double(NaN),
  new Double(-Infinity),
  new Int32(-5),
  new Double(-0),
  Decimal128.fromString('1.5'),
  new Int32(7),
  Long.fromString('9007199254740993'),
  new Double(Infinity),
  '',
  'a',
  'b',
  'é',
  {},
  { a: new Int32(1) },
  { a: new Int32(1), b: 'x' },
  new DBRef('users', new ObjectId('64b000000000000000000000')),
  new Binary(Buffer.from('ab')),
  new UUID('00000000-0000-4000-8000-000000000000').toBinary(),
  new UUID('ffffffff-0000-4000-8000-000000000000').toBinary(),
  new ObjectId('64b000000000000000000001'),
  new ObjectId('64b000000000000000000002'),
  new ObjectId('64b000000000000000000003'),
  false,
  true,
  new Date(-1),
  new Date(0),
  new Timestamp({ t: 1, i: 1 }),
  new Timestamp({ t: 1, i: 2 }),
  new BSON.BSONRegExp('x'),
  new Code('f()'),
  new MaxKey(),
];

describe('windows over _id', () => {
  it.each([1, 2, 3, 7, 200])('hold every one of 33 ids of 14 BSON types once, %i at a time', async (size) => {
    const windows = await cut(MIXED, size);
    expect(windows.reduce((sum, w) => sum + w.docs, 0)).toBe(MIXED.length);
    expect(windows.flatMap((w) => heldBy(w, MIXED)).map(idText)).toEqual(MIXED.map(idText));
    for (const window of windows) expect(window.docs).toBeLessThanOrEqual(size);
  });

  it('end where the type does', async () => {
    for (const window of await cut(MIXED, 1000)) expect(new Set(heldBy(window, MIXED).map(bracketOf)).size).toBe(1);
  });

  it('name NaN, patterns and what begins with $ by equality, one by one', async () => {
    for (const odd of [
      new Double(NaN),
      NaN,
      Decimal128.fromString('NaN'),
      new BSON.BSONRegExp('x'),
      new MinKey(),
      null,
      new DBRef('a', new ObjectId('64b000000000000000000009')),
    ])
      expect(within((await cut([odd], 5))[0] as Window)).toEqual({ _id: { $eq: odd } });
  });

  it('are closed at both ends where they are ranges', async () => {
    const [only] = await cut(['a', 'b', 'c'], 10);
    expect(within(only as Window)).toEqual({ _id: { $gte: 'a', $lte: 'c' } });
  });

  it('follow each other without gap or overlap, whatever the ids and sizes', async () => {
    await fc.assert(
      fc.asyncProperty(anyIds, fc.integer({ min: 1, max: 9 }), async (ids, size) => {
        const windows = await cut(ids, size);
        expect(windows.flatMap((w) => heldBy(w, ids)).map(idText)).toEqual(ids.map(idText));
        expect(windows.reduce((sum, w) => sum + w.docs, 0)).toBe(ids.length);
      }),
      { numRuns: 300 },
    );
  });

  it('take the size that holds when they are opened', async () => {
    let size = 1;
    const windows = await cut(['a', 'b', 'c', 'd', 'e', 'f', 'g'], () => size++);
    expect(windows.map(({ docs }) => docs)).toEqual([1, 2, 3, 1]);
  });

  it('are nothing for an empty collection', async () => {
    expect(await cut([], 5)).toEqual([]);
  });
});

describe('an id as the server sent it', () => {
  it('is of the kind, and found in the way, and has the value that it would have decoded', () => {
    for (const id of MIXED) {
      const raw = rawId(BSON.serialize({ _id: id }, { ignoreUndefined: false }));
      const known = knownId(id);
      expect([raw.kin, raw.reach, idText(raw.value())]).toEqual([known.kin, known.reach, idText(id)]);
    }
  });
});

describe('the place to go on from', () => {
  it('survives the progress row with its type', () => {
    for (const id of MIXED) expect(idText(readId(idText(id)))).toBe(idText(id));
  });

  it('asks for the rest of its own type, and for every type behind it', () => {
    for (const id of MIXED) {
      const alone = ['minKey', 'maxKey'].includes(bracketOf(id));
      const [own, ...later] = alone ? [undefined, ...rest(id)] : rest(id);
      const at = BRACKETS.findIndex(({ name }) => name === bracketOf(id));
      if (bracketOf(id) === 'binary') expect(own).toEqual({ _id: { $type: [5] } });
      else if (!alone) expect(own).toEqual({ _id: isNaNId(id) ? { $gte: -Infinity } : { $gt: id } });
      expect(later).toEqual(BRACKETS.slice(at + 1).map(({ types }) => ({ _id: { $type: [...types] } })));
    }
  });

  it('is the last id of a window', async () => {
    expect((await cut(['a', 'b', 'c'], 2)).map(upperBound)).toEqual(['b', 'c']);
  });
});

describe('reading ahead', () => {
  it('fetches the next value while the last one is worked on, and no more', async () => {
    const asked: number[] = [];
    const seen: number[][] = [];
    for await (const value of readAhead(counting(3, asked))) {
      await Promise.resolve();
      seen.push([value, asked.length]);
    }
    expect(seen).toEqual([
      [1, 2],
      [2, 3],
      [3, 3],
    ]);
  });

  it('throws a failure where the value would have come', async () => {
    const seen: number[] = [];
    const read = async (): Promise<void> => {
      for await (const value of readAhead(failing())) seen.push(value);
    };
    await expect(read()).rejects.toThrow('cursor lost');
    expect(seen).toEqual([1]);
  });

  it('ends its source when the consumer stops', async () => {
    let ended = false;
    async function* source(): AsyncGenerator<number> {
      try {
        for (let i = 0; ; i++) {
          await Promise.resolve();
          yield i;
        }
      } finally {
        ended = true;
      }
    }
    for await (const value of readAhead(source())) if (value === 2) break;
    expect(ended).toBe(true);
  });
});

async function cut(ids: readonly unknown[], size: number | (() => number)): Promise<readonly Window[]> {
  const windows: Window[] = [];
  for await (const w of cutWindows(each([ids.map(knownId)]), typeof size === 'number' ? () => size : size))
    windows.push(w);
  return windows;
}

/** What the filter finds, by the place of the ids in the sorted list: a range is one of places of the same bracket. */
function heldBy(window: Window, sorted: readonly unknown[]): readonly unknown[] {
  if (window.kind === 'ids') return window.ids;
  const [from, to] = [sorted.indexOf(window.from), sorted.indexOf(window.to)];
  return sorted.slice(from, to + 1).filter((id) => bracketOf(id) === bracketOf(window.from) && reachOf(id) === 'range');
}

async function* each<T>(values: readonly T[]): AsyncGenerator<T> {
  for (const value of values) {
    await Promise.resolve();
    yield value;
  }
}

async function* counting(count: number, asked: number[]): AsyncGenerator<number> {
  for (let i = 1; i <= count; i++) {
    asked.push(i);
    await Promise.resolve();
    yield i;
  }
}

async function* failing(): AsyncGenerator<number> {
  yield await Promise.resolve(1);
  throw new Error('cursor lost');
}

/** Sorted by bracket as the server does; within one, objects of their own, so that places tell them apart. */
const anyIds = fc
  .array(
    fc.oneof(
      fc.integer().map((n) => new Int32(n)),
      fc.double().map((n) => new Double(n)),
      fc.string().map((text) => Object.freeze(new BSON.BSONSymbol(text))),
      fc.uint8Array({ minLength: 12, maxLength: 12 }).map((bytes) => new ObjectId(bytes)),
      fc.date({ noInvalidDate: true }),
      fc.constant(null),
      fc.boolean(),
      fc.record({ a: fc.integer() }),
      fc.record({ $ref: fc.string() }),
      fc.uint8Array({ maxLength: 20 }).map((bytes) => new Binary(bytes)),
      fc.string().map((source) => new BSON.BSONRegExp(source.replaceAll('\0', ''))),
    ),
    { maxLength: 60 },
  )
  .map((ids) => {
    const place = (id: unknown): number => BRACKETS.findIndex(({ name }) => name === bracketOf(id));
    return [...ids].sort((a, b) => place(a) - place(b) || Number(isNaNText(b)) - Number(isNaNText(a)));
  });

function isNaNText(id: unknown): boolean {
  return isNaNId(id);
}
