import { Timestamp } from 'mongodb';
import { rawElement, rawElements, idText } from '../raw-bson';
import { clusterTimeOf, type ClusterTime } from './cluster-time';

/** What a change stream tells about one document, or about more than documents. */
export type Change =
  | {
      readonly kind: 'document';
      readonly at: ClusterTime;
      readonly collection: string;
      /** `idText` of its `_id`. */
      readonly id: string;
      /** The whole document afterwards; undefined = it is gone. */
      readonly after: Buffer | undefined;
      /** `after` was looked up when the event was read, so it may be later than `at`. */
      readonly looked: boolean;
      /** The document came into being with this change. */
      readonly inserted: boolean;
    }
  | { readonly kind: 'other'; readonly at: ClusterTime; readonly what: string; readonly collection: string };

/** Reads an event of a change stream with `fullDocument: 'updateLookup'`; documents in it stay raw. */
export function readChange(event: Buffer): Change {
  const type = text(event, 'operationType');
  const at = timeOf(event);
  const ns = rawElement(event, 'ns')?.value;
  const collection = ns ? text(ns, 'coll') : '';
  if (!DOCUMENTS.has(type)) return { kind: 'other', at, what: type, collection };
  const key = rawElement(event, 'documentKey')?.value;
  const id = key && idText(key);
  if (id === undefined) return { kind: 'other', at, what: `${type} without _id`, collection };
  const full = rawElement(event, 'fullDocument');
  const after = full?.type === 0x03 && type !== 'delete' ? Buffer.from(full.value) : undefined;
  return { kind: 'document', at, collection, id, after, looked: type === 'update', inserted: type === 'insert' };
}

const DOCUMENTS: ReadonlySet<string> = new Set(['insert', 'update', 'replace', 'delete']);

function timeOf(event: Buffer): ClusterTime {
  for (const { name, value } of rawElements(event)) {
    if (name === 'clusterTime')
      return clusterTimeOf(new Timestamp({ t: value.readUInt32LE(4), i: value.readUInt32LE(0) }));
  }
  throw new Error('An event of the change stream has no clusterTime; look at the version of the server.');
}

function text(document: Buffer, name: string): string {
  const element = rawElement(document, name);
  return element?.type === 0x02 ? element.value.toString('utf8', 4, element.value.length - 1) : '';
}
