import { BSON, Decimal128, Long, MaxKey, MinKey, ObjectId, Timestamp, type Document } from 'mongodb';
import { documentsOf, piecesOf } from '../../../../../activities/mongodb/backup/documents';
import { fileStem, indexLines } from '../../../../../activities/mongodb/backup/collections';
import { DocumentDigest } from '../../../../../activities/mongodb/document-digest';
import { idText, rawElement, rawElements } from '../../../../../activities/mongodb/raw-bson';

const ALL: Document = {
  double: 1.5,
  string: 'ä',
  document: { a: 1 },
  array: [1, [2]],
  binary: new BSON.Binary(Buffer.from('xyz'), 5),
  oid: new ObjectId(),
  yes: true,
  date: new Date(),
  nothing: null,
  regex: new BSON.BSONRegExp('a\\.b', 'i'),
  code: new BSON.Code('f'),
  scoped: new BSON.Code('f', { a: 1 }),
  symbol: new BSON.BSONSymbol('s'),
  int: 7,
  timestamp: new Timestamp({ t: 1, i: 2 }),
  long: Long.fromNumber(9),
  decimal: Decimal128.fromString('1.5'),
  min: new MinKey(),
  max: new MaxKey(),
  _id: 'last',
};
const raw = (document: Document): Buffer => Buffer.from(BSON.serialize(document));

it('walks over every BSON type without missing a byte', () => {
  const names = [...rawElements(raw(ALL))].map(({ name }) => name);
  expect(names).toEqual(Object.keys(ALL));
  expect(rawElement(raw(ALL), '_id')?.value.toString('utf8', 4, 8)).toBe('last');
});

it('tells ids of different types apart, and finds equal ones equal', () => {
  const ids: readonly unknown[] = [1, Long.fromNumber(1), new BSON.Double(1), '1', { a: 1 }, null, new Date(1)];
  const texts = ids.map((_id) => idText(raw({ v: 1, _id })));
  expect(new Set(texts).size).toBe(ids.length);
  expect(idText(raw({ _id: 'x', other: 2 }))).toBe(idText(raw({ _id: 'x' })));
  expect(idText(raw({ a: 1 }))).toBeUndefined();
});

async function* cut(data: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < data.length; at += size) yield data.subarray(at, at + size);
}

it.each([1, 3, 7, 64, 1_000_000])('finds the same documents when their bytes come in pieces of %d', async (size) => {
  const documents = [raw({ a: 1 }), raw(ALL), raw({}), raw({ big: 'x'.repeat(5_000) })];
  const found: Buffer[] = [];
  for await (const document of documentsOf(cut(Buffer.concat(documents), size))) found.push(Buffer.from(document));
  expect(found).toEqual(documents);
});

it('says that a file is damaged when it ends in the middle of a document', async () => {
  const read = async (): Promise<void> => {
    for await (const document of documentsOf(cut(raw(ALL).subarray(0, 40), 9))) expect(document).toBeUndefined();
  };
  await expect(read()).rejects.toThrow(/ends in the middle/);
});

it('joins documents into pieces that hold the same bytes', async () => {
  const documents = Array.from({ length: 3_000 }, (_, i) => raw({ i, text: 'x'.repeat(200) }));
  const pieces: Buffer[] = [];
  for await (const piece of piecesOf(
    (async function* () {
      yield* documents;
    })(),
  ))
    pieces.push(piece);
  expect(Buffer.concat(pieces)).toEqual(Buffer.concat(documents));
  expect(pieces.length).toBeLessThan(5);
});

it('has one digest whatever the order, another when a document changes, is missing, or is there twice', () => {
  const digestOf = (...documents: readonly Buffer[]): string => {
    const digest = new DocumentDigest();
    for (const document of documents) digest.add(document);
    return digest.result().digest;
  };
  const [a, b, c] = [raw({ a: 1 }), raw({ a: 2 }), raw({ a: -0 })] as const;
  expect(digestOf(a, b, c)).toBe(digestOf(c, a, b));
  expect(
    new Set([digestOf(a, b), digestOf(a), digestOf(a, b, b), digestOf(a, raw({ a: 0 })), digestOf(a, c)]).size,
  ).toBe(5);
  expect(digestOf()).toBe(`sum:${'0'.repeat(64)}`);
});

it('names files as mongodump does', () => {
  expect(['plain', 'a.b', 'a/b', 'ü', 'x:y', "it's"].map(fileStem)).toEqual([
    'plain',
    'a.b',
    'a%2Fb',
    '%C3%BC',
    'x:y',
    'it%27s',
  ]);
});

it('tells indexes apart by the order of their keys, not by that of their options', () => {
  const line = (index: Document): string | undefined => indexLines([index])[0];
  expect(line({ v: 2, key: { a: 1, b: 1 }, name: 'x', unique: true })).toBe(
    line({ unique: true, name: 'x', key: { a: 1, b: 1 }, v: 2 }),
  );
  expect(line({ v: 2, key: { a: 1, b: 1 }, name: 'x' })).not.toBe(line({ v: 2, key: { b: 1, a: 1 }, name: 'x' }));
});
