import { MongoClient, ObjectId, type Document } from 'mongodb';
import { createRandom, type Random } from '../../../examples/shared/random';

export const COLLECTION = 'leads';
export const KEY = 'tenant_id';
export const TENANT = 'tenant-default';

/** The n-th document's `_id`: the load finds documents by it without asking which there are. */
export function idOf(n: number): ObjectId {
  return new ObjectId(`65000000${'0'.repeat(8)}${n.toString(16).padStart(8, '0')}`);
}

/** Of about 300 bytes, with two secondary indexes; with the key already where `stamped`, and then an index on it. */
export async function fill(rootUri: string, documents: number, stamped: boolean): Promise<void> {
  await using client = await new MongoClient(rootUri, { appName: 'cutover-bench' }).connect();
  const collection = client.db().collection(COLLECTION);
  const random = createRandom(documents);
  for (let from = 0; from < documents; from += BATCH) {
    const batch: Document[] = [];
    for (let n = from; n < Math.min(documents, from + BATCH); n++) batch.push(documentOf(n, random, stamped));
    await collection.insertMany(batch, { ordered: false });
  }
  for (const field of ['owner', 'status', ...(stamped ? [KEY] : [])]) await collection.createIndex({ [field]: 1 });
}

function documentOf(n: number, random: Random, stamped: boolean): Document {
  const word = (): string => random.below(2 ** 40).toString(36);
  return {
    _id: idOf(n),
    owner: `owner-${random.below(1000)}`,
    status: random.pick(['new', 'open', 'won', 'lost']),
    email: `${word()}@example.com`,
    amount: random.below(100_000) / 100,
    createdAt: new Date(1_700_000_000_000 + n * 1000),
    seen: 0,
    note: Array.from({ length: 14 }, word).join(' '),
    ...(stamped ? { [KEY]: TENANT } : {}),
  };
}

const BATCH = 2_000;
