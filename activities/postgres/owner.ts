import { CutoverError } from '../../src/core/failure';
import type { PgSession } from './context';
import { ident, qualified } from './identifiers';

/**
 * Runs `work` as the role that owns `table`: what it creates belongs to that role, as if the application's own
 * migration had made it. Afterwards the session is the tool again: the owner has no rights on the tool's schema.
 */
export async function asOwnerOf<T>(tx: PgSession, table: string, work: (owner: string) => Promise<T>): Promise<T> {
  const owner = await ownerOf(tx, table);
  await tx.execute(`SET LOCAL ROLE ${ident(owner)}`);
  const result = await work(owner);
  await tx.execute(TOOL_AGAIN);
  return result;
}

/**
 * The first half of `asOwnerOf`, for work that takes a lock: its last message ends with `TOOL_AGAIN`, and nothing waits
 * for a round trip that only changes the role.
 */
export async function becomeOwnerOf(tx: PgSession, table: string): Promise<void> {
  await tx.execute(`SET LOCAL ROLE ${ident(await ownerOf(tx, table))}`);
}

export const TOOL_AGAIN = 'SET LOCAL ROLE NONE';

/** `asOwnerOf` outside a transaction; the role is put back even when `work` fails. */
export async function asOwnerOutside<T>(session: PgSession, table: string, work: () => Promise<T>): Promise<T> {
  await session.execute(`SET ROLE ${ident(await ownerOf(session, table))}`);
  try {
    return await work();
  } finally {
    await session.execute('RESET ROLE').catch(() => undefined);
  }
}

/** Throws Refused when the table is not there. */
export async function ownerOf(session: PgSession, table: string): Promise<string> {
  const rows = await session.query<{ owner: string }>(
    'SELECT pg_get_userbyid(relowner)::text AS owner FROM pg_class WHERE oid = to_regclass($1)',
    [qualified(table)],
  );
  const owner = rows[0]?.owner;
  if (owner === undefined) {
    throw new CutoverError('Refused', `There is no table ${table} in this database; correct the plan or the target.`);
  }
  return owner;
}
