import type { Db, Document } from 'mongodb';
import { describeError } from '../../../src/core/failure';
import { canonical } from '../../../src/core/json';

export interface UsersExport {
  /** JSON: `users` and `roles` as the server lists them, without credentials. */
  readonly text: string;
  /** Whose users these are, in words. */
  readonly scope: string;
}

/** Users and roles of the server where the tool may see them, else of the database. Never with credentials. */
export async function exportUsers(db: Db): Promise<UsersExport> {
  try {
    const users = await db.admin().command({ usersInfo: { forAllDBs: true }, showCredentials: false });
    const roles = await rolesOf(db.admin().command.bind(db.admin()));
    const own = await rolesOf((command) => db.command(command));
    return text('all users of the server, roles of admin and of this database', users.users, [...roles, ...own]);
  } catch {
    // no right to see them all
  }
  try {
    const users = await db.command({ usersInfo: 1, showCredentials: false });
    const scope = 'users and roles of this database; the tool has no right to see those of others';
    return text(scope, users.users, await rolesOf((command) => db.command(command)));
  } catch (error) {
    return text(`none: ${describeError(error).slice(0, 160)}`, [], []);
  }
}

async function rolesOf(ask: (command: Document) => Promise<Document>): Promise<readonly Document[]> {
  const answer = await ask({ rolesInfo: 1, showPrivileges: true, showBuiltinRoles: false });
  return (answer.roles as readonly Document[] | undefined) ?? [];
}

function text(scope: string, users: unknown, roles: readonly Document[]): UsersExport {
  const listed = (Array.isArray(users) ? users : []) as readonly Document[];
  return { scope, text: canonical(withoutSecrets({ scope, users: listed, roles })) };
}

/** Whatever a server adds to its answer: a hash or a key never reaches the file. */
function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (typeof value !== 'object' || value === null) return value;
  if (Object.getPrototypeOf(value) !== Object.prototype) return String(value);
  const kept = Object.entries(value).filter(
    ([name]) => !/^(credentials|pwd|password|authenticationRestrictionsHash)$/i.test(name),
  );
  return Object.fromEntries(kept.map(([name, inner]) => [name, withoutSecrets(inner)]));
}
