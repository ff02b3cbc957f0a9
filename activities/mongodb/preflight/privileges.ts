import type { Db, Document } from 'mongodb';
import type { PreflightArgs } from '../../../src/core/preflight-args';
import { check, type Findings } from '../../findings';
import { codeOf } from '../duplicate-key';

/**
 * What the run and its way back will do, asked for where it changes nothing: on a collection, an index or a user that is
 * not there. A server that forbids it says so before it looks; lists of privileges are not kept by every server.
 */
export async function privilegeFindings(db: Db, lane: Db, { fence }: PreflightArgs): Promise<Findings> {
  const problems: string[] = [];
  for (const right of [...RIGHTS, ...(fence === undefined ? [] : (FENCES[fence] ?? []))]) {
    const on = right.on === 'lane' ? lane : right.on === 'admin' ? db.client.db('admin') : db;
    if (await forbidden(on, right.command(on.databaseName)))
      problems.push(`${right.name} on ${on.databaseName}; give the tool's user ${right.role}`);
  }
  const expected = `the tool's user may do what the run and its way back need${fence === undefined ? '' : `, the fence ${fence} included`}`;
  return { checks: [check('privileges', expected, problems)] };
}

interface Right {
  readonly name: string;
  readonly on: 'app' | 'lane' | 'admin';
  readonly role: string;
  readonly command: (database: string) => Document;
}

/** Nobody makes a collection, an index or a user of this name. */
const NOWHERE = 'cutover_asks_and_finds_nothing';

const nothing = { q: { _id: NOWHERE }, u: { $set: { asked: true } } };

const RIGHTS: readonly Right[] = [
  { name: 'find', on: 'app', role: 'readWrite', command: () => ({ find: NOWHERE, limit: 1 }) },
  { name: 'update', on: 'app', role: 'readWrite', command: () => ({ update: NOWHERE, updates: [nothing] }) },
  {
    name: 'remove',
    on: 'app',
    role: 'readWrite',
    command: () => ({ delete: NOWHERE, deletes: [{ q: nothing.q, limit: 1 }] }),
  },
  { name: 'collMod', on: 'app', role: 'dbAdmin', command: () => ({ collMod: NOWHERE, validationLevel: 'off' }) },
  { name: 'dropIndexes', on: 'app', role: 'dbAdmin', command: () => ({ dropIndexes: NOWHERE, index: NOWHERE }) },
  { name: 'drop', on: 'app', role: 'dbAdmin', command: () => ({ drop: NOWHERE }) },
  { name: 'update', on: 'lane', role: 'readWrite', command: () => ({ update: NOWHERE, updates: [nothing] }) },
  { name: 'drop', on: 'lane', role: 'dbAdmin', command: () => ({ drop: NOWHERE }) },
];

const FENCES: Readonly<Partial<Record<NonNullable<PreflightArgs['fence']>, readonly Right[]>>> = {
  role: [
    {
      name: 'grantRole',
      on: 'app',
      role: 'grantRole and revokeRole',
      command: (db) => ({ grantRolesToUser: NOWHERE, roles: [{ role: 'read', db }] }),
    },
    { name: 'viewUser', on: 'app', role: 'viewUser', command: () => ({ usersInfo: NOWHERE }) },
  ],
};

async function forbidden(db: Db, command: Document): Promise<boolean> {
  try {
    await db.command(command);
    return false;
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined) throw error;
    return code === UNAUTHORIZED;
  }
}

const UNAUTHORIZED = 13;
