import { MongoClient } from 'mongodb';
import { ledgerDatabase, mongoRights } from '../../../src/dev/mongo-roles';
import { createMongoUsers, type MongoUrls } from '../../../src/dev/mongo-users';
import type { Progress } from '../../../src/dev/progress';
import type { RunDir } from '../../../src/dev/run-dir';
import { mongoFor } from '../../../src/dev/servers';
import { fill } from './documents';

export interface MongoBenchServer {
  readonly rootUri: string;
  /** What the figures are of: `SecantusDB 0.5.3-beta.196 (speaks MongoDB 8.2.11), not mongod`. */
  readonly name: string;
  /** A database of its own with its users and one collection of so many documents. */
  filled(database: string, documents: number, options?: { readonly stamped?: boolean }): Promise<MongoUrls>;
  drop(database: string): Promise<void>;
}

/** The server of MONGODB_URI, or one of our own. */
export async function openMongoServer(runDir: RunDir, progress: Progress): Promise<MongoBenchServer> {
  const { rootUri, name, version } = await mongoFor(runDir, progress);
  return {
    rootUri,
    name: name.startsWith('MongoDB') ? name : `${name} (speaks MongoDB ${version}), not mongod`,
    filled: async (database, documents, { stamped = false } = {}) => {
      const urls = await createMongoUsers(rootUri, { database, scratch: `${database}_scratch` });
      await progress.step(`${database}: ${documents.toLocaleString('en')} documents`, () =>
        fill(urls.root, documents, stamped),
      );
      return urls;
    },
    drop: async (database) => {
      await using client = await new MongoClient(rootUri, { appName: 'cutover-bench' }).connect();
      const scratch = `${database}_scratch`;
      for (const each of [database, ledgerDatabase(database), scratch]) await client.db(each).dropDatabase();
      await client.db(database).command({ dropAllUsersFromDatabase: 1 });
      const own = mongoRights({ database, scratch }).roles.filter(({ db }) => db === database);
      for (const role of own) await client.db(database).command({ dropRole: role.name });
    },
  };
}
