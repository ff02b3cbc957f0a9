/** A role as createRole and updateRole take it. */
export interface MongoRole {
  /** The database that the role belongs to. */
  readonly db: string;
  readonly name: string;
  readonly privileges: readonly MongoPrivilege[];
}

export interface MongoPrivilege {
  readonly resource: { readonly db: string; readonly collection: string } | { readonly cluster: true };
  readonly actions: readonly string[];
}

export interface MongoUser {
  /** The database that the user belongs to: its authSource. */
  readonly db: string;
  readonly name: string;
  readonly roles: readonly { readonly db: string; readonly role: string }[];
}

/** What the fence takes away and gives back: the application's right to write. Reading is a role of its own. */
export function writersRole(database: string): string {
  return `${database}_app_rw`;
}

/** The database of the tool's ledger, beside the application's. */
export function ledgerDatabase(database: string): string {
  return `cutover_${database}`;
}

/** Roles and users of one application, as least rights as its work needs. */
export function mongoRights(options: { readonly database: string; readonly scratch: string }): {
  readonly roles: readonly MongoRole[];
  readonly app: MongoUser;
  readonly tool: MongoUser;
} {
  const { database, scratch } = options;
  const all = { db: database, collection: '' };
  const reader = `${database}_app_read`;
  const fence = `${database}_cutover_fence`;
  const roles: readonly MongoRole[] = [
    // No createIndex, collMod, drop, nor bypassDocumentValidation: a validator binds the application.
    {
      db: database,
      name: writersRole(database),
      privileges: [{ resource: all, actions: ['find', 'insert', 'update', 'remove'] }],
    },
    { db: database, name: reader, privileges: [{ resource: all, actions: ['find', 'listCollections'] }] },
    // Narrower than userAdmin: hands existing roles of this database out and back, makes no users.
    {
      db: database,
      name: fence,
      privileges: [{ resource: all, actions: ['grantRole', 'revokeRole', 'viewUser', 'viewRole'] }],
    },
    // A transaction that was open when the role was taken still commits: its session has to be killed.
    {
      db: 'admin',
      name: 'cutover_sessions',
      privileges: [{ resource: { cluster: true }, actions: ['inprog', 'killop', 'killAnySession'] }],
    },
  ];
  const working = [database, ledgerDatabase(database), scratch].flatMap((db) => [
    { db, role: 'readWrite' },
    { db, role: 'dbAdmin' },
  ]);
  const tool: MongoUser = {
    db: database,
    name: 'cutover',
    roles: [
      ...working,
      { db: database, role: fence },
      { db: 'admin', role: 'cutover_sessions' },
      { db: 'admin', role: 'clusterMonitor' },
    ],
  };
  const app: MongoUser = {
    db: database,
    name: 'app',
    roles: [
      { db: database, role: writersRole(database) },
      { db: database, role: reader },
    ],
  };
  return { roles, app, tool };
}
