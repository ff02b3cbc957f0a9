import { MongoClient, type Db, type Document } from 'mongodb';
import { createRandom } from '../../shared/random';
import { MAKERS, type Parents } from './documents';
import { createIndexes } from './indexes';
import { spread, type Volumes } from './volumes';

export interface GenerateOptions {
  /** Documents in all ten collections together; at least 200. */
  readonly documents: number;
  /** The same seed gives the same documents, `_id` included. Default 1. */
  readonly seed?: number;
  /** Default: the database that the address names. */
  readonly database?: string;
}

const BATCH = 2_000;

/**
 * Fills an empty database behind `uri` as ten years of the legacy application would: ten collections, a view, a capped
 * log, sessions that expire. Answers with the documents per collection. Refuses a database that has users.
 */
export async function generate(uri: string, options: GenerateOptions): Promise<Volumes> {
  const volumes = spread(options.documents);
  const client = await MongoClient.connect(uri, { appName: 'example-generate' });
  try {
    const db = client.db(options.database);
    if ((await db.collection('users').findOne({}, { projection: { _id: 1 } })) !== null) {
      throw new Error(`The database ${db.databaseName} already has users; generate only into an empty one.`);
    }
    await createIndexes(db);
    await fill(db, volumes, options.seed ?? 1);
    await surroundings(db);
    return volumes;
  } finally {
    await client.close();
  }
}

async function fill(db: Db, volumes: Volumes, seed: number): Promise<void> {
  const parents: Parents = { properties: [], units: [], leases: [], contacts: [] };
  for (const [order, name] of names().entries()) {
    const random = createRandom(seed * 1_000 + order);
    const collection = db.collection(name);
    let batch: Document[] = [];
    for (let index = 0; index < volumes[name]; index += 1) {
      batch.push(MAKERS[name]({ random, index, parents }));
      if (batch.length === BATCH || index === volumes[name] - 1) {
        await collection.insertMany(batch, { ordered: true });
        batch = [];
      }
    }
  }
}

/** What is there besides and belongs to no tenant. */
async function surroundings(db: Db): Promise<void> {
  await db.createCollection('app_log', { capped: true, size: 1_000_000, max: 500 });
  await db.collection('app_log').insertMany(
    Array.from({ length: 50 }, (_, n) => ({
      st: n,
      sporocilo: `Zagon ${n}`,
      at: new Date(Date.UTC(2025, 0, 1 + n)),
    })),
  );
  await db.createCollection('active_leases', { viewOn: 'leases', pipeline: [{ $match: { status: 'aktivna' } }] });
}

function names(): readonly (keyof Volumes)[] {
  return Object.keys(MAKERS) as (keyof Volumes)[];
}
