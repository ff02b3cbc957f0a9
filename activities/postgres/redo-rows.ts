import { ARCHIVE } from './archive';
import { walkArchive } from './archives';
import { findRelation } from './catalog';
import type { PgContext, PgSession } from './context';
import { ident, qualified } from './identifiers';
import { recordInserted } from './inserted';
import { ensureRecord } from './joined';
import { isMadeBy } from './marker';
import { mendTenantSql, putMembersSql, putTenantsSql } from './statements/redo';
import { recording } from './statements/members';

type Context = PgContext<'redo'>;

/** Tenants, whole rows. The default tenant's own row, when this run has put it there, becomes what it was in the end. */
export async function putTenants(context: Context, run: string, own: string | undefined): Promise<void> {
  const { registry } = context.args;
  const columns = await archivedColumns(context, run, registry.table);
  if (columns.length === 0) return;
  const there = await context.read((session) => findRelation(session, registry.table));
  const adopted = !isMadeBy(there?.comment, context.run.id);
  await walkArchive(context, { run, table: registry.table }, async (tx, values) => {
    const put = await tx.query<{ id: string }>(
      `${putTenantsSql(registry, columns)} RETURNING ${ident(registry.id)}::text AS id`,
      values,
    );
    if (adopted)
      await recordInserted(
        tx,
        context.run.id,
        registry.table,
        put.map((r) => r.id),
      );
    if (own !== undefined) await tx.execute(mendTenantSql(registry, columns), [run, registry.table, own]);
  });
  await advanceSequences(context, registry.table, columns);
}

/** Memberships, whole rows, of users that are still there. In a table that was there before they are written down as ours. */
export async function putMembers(context: Context, run: string): Promise<void> {
  const { members, registry } = context.args;
  if (!members) return;
  const columns = await archivedColumns(context, run, members.table);
  if (columns.length === 0) return;
  const record = await ensureRecord(context, members);
  const sql = recording(members, record, putMembersSql({ members, registry, columns }));
  await walkArchive(context, { run, table: members.table }, async (tx, values) => void (await tx.execute(sql, values)));
  await advanceSequences(context, members.table, columns);
}

/** Columns that the archived rows and the table of today both have; what only the table has gets its default. */
async function archivedColumns(context: Context, run: string, table: string): Promise<readonly string[]> {
  const rows = await context.read((session) =>
    session.query<{ name: string }>(
      `SELECT a.attname::text AS name FROM pg_attribute a
        WHERE a.attrelid = to_regclass($3) AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
          AND EXISTS (SELECT FROM (SELECT value FROM ${ARCHIVE} WHERE run_id = $1 AND table_name = $2 LIMIT 1) AS one WHERE value ? a.attname)
        ORDER BY a.attnum`,
      [run, table, qualified(table)],
    ),
  );
  return rows.map((r) => r.name);
}

/** Numbers that came back must not be drawn again: the next row would be refused, or skipped in silence by ON CONFLICT. */
async function advanceSequences(context: Context, table: string, columns: readonly string[]): Promise<void> {
  await context.transaction(async (tx) => {
    for (const column of columns) {
      const sequence = await sequenceOf(tx, table, column);
      if (sequence === undefined) continue;
      await tx.query(
        `SELECT setval($1::regclass, m.top) FROM (SELECT max(${ident(column)})::bigint AS top FROM ${qualified(table)}) AS m, ${sequence} AS s
          WHERE m.top > s.last_value OR (m.top = s.last_value AND NOT s.is_called)`,
        [sequence],
      );
    }
  });
}

async function sequenceOf(tx: PgSession, table: string, column: string): Promise<string | undefined> {
  const [row] = await tx.query<{ name: string | null }>('SELECT pg_get_serial_sequence($1, $2) AS name', [
    qualified(table),
    column,
  ]);
  return row?.name ?? undefined;
}
