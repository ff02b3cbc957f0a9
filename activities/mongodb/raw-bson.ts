/** One element of a document as it lies in its bytes. */
export interface RawElement {
  readonly name: string;
  readonly type: number;
  /** The value's bytes, a view into the document's. */
  readonly value: Buffer;
}

/**
 * The elements of a BSON document without decoding their values: a value that is never decoded comes back byte for byte
 * (NaN payloads, -0, duplicate names, DBRefs).
 */
export function* rawElements(document: Buffer): Generator<RawElement> {
  let at = 4;
  const end = document.length - 1;
  while (at < end) {
    const type = document[at] ?? 0;
    const nameEnd = document.indexOf(0, at + 1);
    const from = nameEnd + 1;
    const size = sizeOf(type, document, from);
    yield { name: document.toString('utf8', at + 1, nameEnd), type, value: document.subarray(from, from + size) };
    at = from + size;
  }
}

export function rawElement(document: Buffer, name: string): RawElement | undefined {
  for (const element of rawElements(document)) if (element.name === name) return element;
  return undefined;
}

/** The same text for the same `_id`, whatever its type: type byte and value. Undefined where there is none. */
export function idText(document: Buffer): string | undefined {
  const id = rawElement(document, '_id');
  return id && String.fromCharCode(id.type) + id.value.toString('latin1');
}

function sizeOf(type: number, document: Buffer, at: number): number {
  switch (type) {
    case 0x01: // double
    case 0x09: // date
    case 0x11: // timestamp
    case 0x12: // int64
      return 8;
    case 0x02: // string
    case 0x0d: // code
    case 0x0e: // symbol
      return 4 + document.readInt32LE(at);
    case 0x03: // document
    case 0x04: // array
    case 0x0f: // code with scope
      return document.readInt32LE(at);
    case 0x05: // binary
      return 5 + document.readInt32LE(at);
    case 0x06: // undefined
    case 0x0a: // null
    case 0x7f: // MaxKey
    case 0xff: // MinKey
      return 0;
    case 0x07: // ObjectId
      return 12;
    case 0x08: // boolean
      return 1;
    case 0x0b: {
      // regular expression: two C strings
      const second = document.indexOf(0, at) + 1;
      return document.indexOf(0, second) + 1 - at;
    }
    case 0x0c: // DBPointer
      return 4 + document.readInt32LE(at) + 12;
    case 0x10: // int32
      return 4;
    case 0x13: // Decimal128
      return 16;
    default:
      throw new Error(`BSON type 0x${type.toString(16)} is unknown; was the document read whole?`);
  }
}
