import type { Membership } from '../../src/core/tenancy-args';
import { ARCHIVE } from './archive';
import { findColumn, findRelation } from './catalog';
import type { PgContext, PgSession } from './context';
import { ident, qualified } from './identifiers';
import { findPrimaryKey, keyJson, type Keyset } from './keyset';
import { isMadeBy, markerOf } from './marker';
import { memberNames } from './names';
import { asOwnerOf } from './owner';
import { refused } from './pg-error';
import { refuseReferred } from './referred';
import { createRecord } from './statements/members';
import { walk, within } from './windows';

/**
 * Where the table of memberships was there before the run, its rows are the application's: those that this run adds are
 * written down beside the users' table, in the transaction that adds them, so that its undo takes them and no other.
 */
export async function ensureRecord(context: PgContext, members: Membership): Promise<string | undefined> {
  const { record } = memberNames(members);
  return context.transaction(async (tx) => {
    if (await findRelation(tx, record)) return record;
    const there = await findRelation(tx, members.table);
    if (!there) throw refused(`There is no table ${members.table}; the step that makes or adopts it has not run.`);
    if (isMadeBy(there.comment, context.run.id)) return undefined;
    const types = {
      user: (await findColumn(tx, members.table, members.user))?.type ?? 'text',
      tenant: (await findColumn(tx, members.table, members.tenant))?.type ?? 'text',
    };
    await asOwnerOf(tx, members.from.table, async () => {
      for (const { sql } of createRecord(members, markerOf(context), types)) await tx.execute(sql);
    });
    return record;
  });
}

/** The record's name when there is one. */
export async function findRecord(session: PgSession, members: Membership): Promise<string | undefined> {
  const { record } = memberNames(members);
  return (await findRelation(session, record)) ? record : undefined;
}

export interface Removed {
  /** Memberships that this run had added. */
  readonly added: number;
  /** Those of them that were still there: archived whole and deleted, in one statement. */
  readonly removed: number;
}

/** Takes the memberships of this run out of an adopted table, in windows, and then the record. Nothing to do where there is no record. */
export async function removeJoined(context: PgContext, members: Membership): Promise<Removed> {
  const record = await context.read((session) => findRecord(session, members));
  if (record === undefined) return { added: 0, removed: 0 };
  const by: Keyset = {
    table: record,
    columns: await columnsOfRecord(context, record),
  };
  const named = await context.read((session) => findPrimaryKey(session, members.table));
  const keyset = named ?? {
    table: members.table,
    columns: [members.user, members.tenant].map((name) => ({ name, type: '' })),
  };
  const ours = `EXISTS (SELECT FROM ${qualified(record)} r WHERE r.user_key = p.${ident(members.user)} AND r.tenant_key = p.${ident(members.tenant)})`;
  await refuseReferred(context, { table: members.table, ours });
  let removed = 0;
  const added = await walk(
    context,
    { keyset: by, size: WINDOW, doing: `taking the memberships of this run out of ${members.table}` },
    async (tx, window) => {
      const range = within(by, window, 'r', 3);
      removed += await tx.execute(removeWindowSql(members, keyset, record, range.sql), [
        context.run.id,
        members.table,
        ...range.values,
      ]);
    },
  );
  await context.transaction((tx) =>
    asOwnerOf(tx, record, async () => tx.execute(`DROP TABLE IF EXISTS ${qualified(record)}`)),
  );
  return { added, removed };
}

async function columnsOfRecord(context: PgContext, record: string): Promise<Keyset['columns']> {
  const keyset = await context.read((session) => findPrimaryKey(session, record));
  if (keyset) return keyset.columns;
  throw refused(`${record} has no primary key, so it is not the record that this run made; see who changed it.`);
}

/** Deleted and archived in one statement: nothing can come between. Parameters $1 run, $2 table, from $3 on the window. */
function removeWindowSql(members: Membership, keyset: Keyset, record: string, range: string): string {
  return `WITH gone AS (
  DELETE FROM ${qualified(members.table)} m USING ${qualified(record)} r
   WHERE m.${ident(members.user)} = r.user_key AND m.${ident(members.tenant)} = r.tenant_key AND ${range} RETURNING m.*)
INSERT INTO ${ARCHIVE} (run_id, table_name, pk, value, archived_at)
SELECT $1, $2, ${keyJson(keyset, 'g')}, to_jsonb(g), now() FROM gone g
ON CONFLICT (run_id, table_name, pk) DO UPDATE SET value = EXCLUDED.value, archived_at = EXCLUDED.archived_at`;
}

const WINDOW = 5_000;
