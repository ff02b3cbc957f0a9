import type { Db, Document } from 'mongodb';
import { CutoverError, describeError } from '../../../src/core/failure';
import type { Json } from '../../../src/core/json';
import type { Fence } from './fence';
import { FENCE_WORDS } from '../../../src/core/fence-words';
import type { AppUser, FenceGround } from './ground';
import { endSessionsOf } from './sessions';

interface Role {
  readonly role: string;
  readonly db: string;
}

/** Written into the control document: who it was, what was taken, and what was lent so that reads go on. */
interface Taken {
  readonly app: AppUser;
  readonly taken: readonly Role[];
  readonly lent: readonly Role[];
}

/**
 * The application's user loses every role that can write and keeps or is lent one that reads. Servers check a role at
 * every command, on connections that are open too; the proof of the freeze holds them to it.
 */
export function roleFence({ db, app }: FenceGround): Fence {
  const held = (captured: Json): Taken => captured as unknown as Taken;
  return {
    ...FENCE_WORDS.role,
    capture: async () => asJson(await whatToTake(db, requireApp(app))),
    close: async (captured) => {
      const { app: user, taken, lent } = held(captured);
      await grant(db, user, lent);
      await revoke(db, user, taken);
      await endSessionsOf(db, user);
    },
    open: async (captured) => {
      const { app: user, taken, lent } = held(captured);
      await grant(db, user, taken);
      await revoke(db, user, lent);
    },
    isClosed: async (captured) => {
      const { app: user, taken } = held(captured);
      const now = await rolesOf(db, user);
      return taken.some((t) => !now.some((n) => same(n, t)));
    },
  };
}

/** Names only, which is what JSON holds. */
function asJson(taken: Taken): Json {
  return taken as unknown as Json;
}

function requireApp(app: AppUser | undefined): AppUser {
  if (app) return app;
  throw new CutoverError(
    'Misconfigured',
    "The fence `role` takes the rights of the application's user, and the target names none; give it `probeAs` with the application's own connection string.",
  );
}

async function whatToTake(db: Db, app: AppUser): Promise<Taken> {
  const roles = await rolesOf(db, app);
  const taken: Role[] = [];
  for (const role of roles) if (await canWrite(db, role)) taken.push(role);
  if (taken.length === 0)
    throw new CutoverError(
      'Refused',
      `The application's user ${app.user} has no role that writes (${roles.map(nameOf).join(', ') || 'no role at all'}): there is nothing to take. Is it the user that the application connects as, and was a fence left closed? See \`cutover fence status\`.`,
    );
  const keeps = roles.filter((role) => !taken.includes(role));
  const read: Role = { role: 'read', db: db.databaseName };
  return { app, taken, lent: keeps.length > 0 ? [] : [read] };
}

async function rolesOf(db: Db, app: AppUser): Promise<readonly Role[]> {
  const answer = await ask(db.client.db(app.db), { usersInfo: { user: app.user, db: app.db } }, app);
  const [user] = answer['users'] as readonly { readonly roles: readonly Role[] }[];
  if (!user)
    throw new CutoverError(
      'Misconfigured',
      `There is no user ${app.user} in database ${app.db}; correct \`probeAs\` of the target.`,
    );
  return user.roles.map(({ role, db: of }) => ({ role, db: of }));
}

async function canWrite(db: Db, role: Role): Promise<boolean> {
  if (READERS.includes(role.role)) return false;
  const asked = { rolesInfo: { role: role.role, db: role.db }, showPrivileges: true, showBuiltinRoles: true };
  const answer = await db.client
    .db(role.db)
    .command(asked)
    .catch(() => undefined);
  const [found] = (answer?.['roles'] ?? []) as readonly Document[];
  const privileges = (found?.['inheritedPrivileges'] ?? found?.['privileges']) as
    readonly { readonly actions?: readonly string[] }[] | undefined;
  // What cannot be looked into is taken too: a role that is missing for a moment is put back, a write is not.
  if (privileges === undefined || privileges.length === 0) return true;
  return privileges.some(({ actions = [] }) => actions.some((action) => WRITES.includes(action)));
}

const READERS: readonly string[] = ['read', 'readAnyDatabase', 'clusterMonitor'];
const WRITES: readonly string[] = ['insert', 'update', 'remove', 'anyAction'];

async function grant(db: Db, app: AppUser, roles: readonly Role[]): Promise<void> {
  if (roles.length > 0) await ask(db.client.db(app.db), { grantRolesToUser: app.user, roles }, app);
}

async function revoke(db: Db, app: AppUser, roles: readonly Role[]): Promise<void> {
  if (roles.length > 0) await ask(db.client.db(app.db), { revokeRolesFromUser: app.user, roles }, app);
}

async function ask(db: Db, command: Document, app: AppUser): Promise<Document> {
  try {
    return await db.command(command);
  } catch (error) {
    if ((error as { code?: unknown }).code !== UNAUTHORIZED) throw error;
    throw new CutoverError(
      'Refused',
      `The tool's user may not do ${Object.keys(command)[0]} for ${app.user}: give it viewUser, viewRole, grantRole and revokeRole on ${db.databaseName} and on the databases of the application's roles. ${describeError(error).slice(0, 80)}`,
      { cause: error },
    );
  }
}

const UNAUTHORIZED = 13;

function same(a: Role, b: Role): boolean {
  return a.role === b.role && a.db === b.db;
}

function nameOf({ role, db }: Role): string {
  return `${role}@${db}`;
}
