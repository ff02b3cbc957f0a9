import { createHmac } from 'node:crypto';
import { MongoClient, type Document } from 'mongodb';
import { mongoRights, type MongoRole, type MongoUser } from './mongo-roles';
import { mongoPassword, mongoUri, withMongoDatabase } from './mongo-uri';

export interface MongoUsersOptions {
  /** The application's database. It comes into being with its first document. */
  readonly database: string;
  /** The database that cutover restores its drills into. */
  readonly scratch: string;
}

/** Connection strings with passwords: for configuration by environment or file, never for argv, logs or plans. */
export interface MongoUrls {
  /** The neutral admin, on the application's database. Set-up only. */
  readonly root: string;
  /** The tool: reads, writes and changes the application's database and its own ledger's, takes the application's role away and gives it back, sees and ends operations and sessions. */
  readonly tool: string;
  /** The application: reads and writes documents of its database; creates collections only by writing to them. */
  readonly app: string;
  /** The tool again, on the scratch database. */
  readonly scratch: string;
}

const ROLE_EXISTS = 51002;
const USER_EXISTS = 51003;

/**
 * Creates the application's user and the tool's with their roles, or brings them to this state again; what a fence has
 * taken is given back. Users belong to the application's database, so several on one server share nothing but root.
 * Passwords are derived from root's (random) one, so that a second call hands out the same URLs.
 */
export async function createMongoUsers(rootUri: string, options: MongoUsersOptions): Promise<MongoUrls> {
  const { roles, app, tool } = mongoRights(options);
  const client = new MongoClient(rootUri, { appName: 'cutover-dev' });
  try {
    await client.connect();
    for (const role of roles) await ensureRole(client, role);
    for (const user of [app, tool]) await ensureUser(client, user, passwordOf(rootUri, user));
  } finally {
    await client.close();
  }
  const uri = (user: MongoUser, database: string): string =>
    mongoUri(rootUri, { user: user.name, password: passwordOf(rootUri, user), database, authSource: user.db });
  return {
    root: withMongoDatabase(rootUri, options.database),
    tool: uri(tool, options.database),
    app: uri(app, options.database),
    scratch: uri(tool, options.scratch),
  };
}

function passwordOf(rootUri: string, user: MongoUser): string {
  const secret = mongoPassword(rootUri);
  if (secret === '')
    throw new Error(
      'The root URI has no password to derive the users’ passwords from; start the server with authentication.',
    );
  return createHmac('sha256', secret).update(`${user.name}@${user.db}`).digest('base64url');
}

async function ensureRole(client: MongoClient, { db, name, privileges }: MongoRole): Promise<void> {
  const rest = { privileges, roles: [], writeConcern: { w: 'majority' } };
  await createOrUpdate(client, db, ROLE_EXISTS, { createRole: name, ...rest }, { updateRole: name, ...rest });
}

async function ensureUser(client: MongoClient, { db, name, roles }: MongoUser, pwd: string): Promise<void> {
  const rest = { pwd, roles, writeConcern: { w: 'majority' } };
  await createOrUpdate(client, db, USER_EXISTS, { createUser: name, ...rest }, { updateUser: name, ...rest });
}

async function createOrUpdate(
  client: MongoClient,
  db: string,
  exists: number,
  create: Document,
  update: Document,
): Promise<void> {
  try {
    await client.db(db).command(create);
  } catch (error) {
    if ((error as { code?: unknown }).code !== exists) throw error;
    await client.db(db).command(update);
  }
}
