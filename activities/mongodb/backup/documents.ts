import { CutoverError } from '../../../src/core/failure';

/** Documents of a .bson file: raw BSON, one after the other, however the bytes are cut on their way. */
export async function* documentsOf(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let held: Buffer[] = [];
  let have = 0;
  for await (const chunk of source) {
    held.push(chunk);
    have += chunk.length;
    if (have < need(held, have)) continue;
    let rest = held.length === 1 ? chunk : Buffer.concat(held, have);
    while (rest.length >= 5 && rest.length >= rest.readInt32LE(0)) {
      const size = rest.readInt32LE(0);
      if (size < 5) throw broken();
      yield rest.subarray(0, size);
      rest = rest.subarray(size);
    }
    held = rest.length === 0 ? [] : [rest];
    have = rest.length;
  }
  if (have > 0) throw broken();
}

/** Bytes to wait for before joining pieces: a document of 16 MB is joined once, not once per piece. */
function need(held: Buffer[], have: number): number {
  if (have < 5) return 5;
  const first = held[0];
  if (first === undefined || first.length >= 4) return first?.readInt32LE(0) ?? 5;
  return Buffer.concat(held, have).readInt32LE(0);
}

/** The bytes of documents in pieces of about a quarter of a megabyte: fewer writes. */
export async function* piecesOf(documents: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let held: Buffer[] = [];
  let have = 0;
  for await (const document of documents) {
    held.push(document);
    have += document.length;
    if (have < PIECE_BYTES) continue;
    yield Buffer.concat(held, have);
    held = [];
    have = 0;
  }
  if (have > 0) yield Buffer.concat(held, have);
}

const PIECE_BYTES = 256 * 1024;

function broken(): CutoverError {
  return new CutoverError('Refused', 'A .bson file ends in the middle of a document: the backup is damaged.');
}
