import { describeError } from '../../src/core/failure';
import type { FreezeArgs } from '../../src/core/freeze-args';
import type { PgSession } from './context';
import { sqlState } from './pg-error';
import { findColumn, findRelation } from './catalog';
import { ident, qualified } from './identifiers';
import { readOnly } from './read-only';
import { withoutMembershipSql } from './statements/members';

/** Rows and sizes by the statistics, and who has been at work longest. */
export async function tableFigures(session: PgSession, tables: readonly string[]): Promise<Record<string, string>> {
  const rows = await session.query<{ name: string; rows: string; bytes: string }>(SIZES, [tables]);
  const total = rows.reduce((sum, r) => sum + Number(r.bytes), 0);
  const biggest = rows.slice(0, 10).map((r) => `${r.name} ~${Number(r.rows)} rows, ${megabytes(Number(r.bytes))}`);
  const [oldest] = await session.query<{
    pid: number;
    seconds: string;
    state: string | null;
    application: string | null;
  }>(OLDEST);
  return {
    tables: biggest.join('; ') + (rows.length > 10 ? `; and ${rows.length - 10} smaller ones` : ''),
    size: `${megabytes(total)} with indexes`,
    oldestTransaction: oldest
      ? `pid ${oldest.pid} (${oldest.application || 'no application name'}), ${oldest.seconds} s, ${oldest.state ?? 'state unknown'}`
      : 'none',
  };
}

/**
 * What the freeze would hold now: its sweeps read as it will read, so what takes long here will take as long there.
 * Answers in half a second or says that it cannot; then the freeze could not keep its budget either.
 */
export async function predictHold(session: PgSession, freeze: FreezeArgs): Promise<Record<string, string>> {
  const deadline = performance.now() + ASK_MS;
  const left = (): number => Math.max(1, deadline - performance.now());
  let holdMs = FIXED_MS;
  const unswept: string[] = [];
  try {
    for (const { table, column } of freeze.tables) {
      if (!(await findColumn(session, table, column)))
        return { predictedHold: `not known before ${table} has ${column}` };
      const from = performance.now();
      const sql = `SELECT count(*)::int AS n FROM ${qualified(table)} WHERE ${ident(column)} IS NULL`;
      const [row] = await readOnly(session, { timeoutMs: left() }, () => session.query<{ n: number }>(sql));
      const nulls = row?.n ?? 0;
      if (nulls > 0) unswept.push(`${table} ${nulls}`);
      holdMs += performance.now() - from + nulls * PER_ROW_MS;
    }
    const members = await withoutMembership(session, freeze, left());
    return {
      predictedHold: `${Math.ceil(holdMs + members.ms)} ms of ${freeze.budgetMs} ms`,
      toSweep: unswept.length === 0 ? 'no rows' : unswept.join(', '),
      usersWithoutMembership: members.missing,
    };
  } catch (error) {
    if (sqlState(error) !== QUERY_CANCELED) return { predictedHold: `could not be asked (${describeError(error)})` };
    return {
      predictedHold: `more than ${ASK_MS} ms of ${freeze.budgetMs} ms: the sweep finds no index by which to look`,
    };
  }
}

const ASK_MS = 500;
const QUERY_CANCELED = '57014';

/** Locks, flag row, constraints and commit over seven tables; and a swept row with its indexes. Measured. */
const FIXED_MS = 3;
const PER_ROW_MS = 0.02;

async function withoutMembership(
  session: PgSession,
  { members }: FreezeArgs,
  timeoutMs: number,
): Promise<{ ms: number; missing: string }> {
  if (!members || !(await findRelation(session, members.table))) return { ms: 0, missing: 'not asked' };
  const from = performance.now();
  const [row] = await readOnly(session, { timeoutMs }, () =>
    session.query<{ missing: string }>(withoutMembershipSql(members)),
  );
  return { ms: performance.now() - from, missing: row?.missing ?? '?' };
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

const SIZES = `
SELECT n.nspname || '.' || c.relname AS name, greatest(c.reltuples, 0)::bigint::text AS rows, pg_total_relation_size(c.oid)::text AS bytes
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname || '.' || c.relname = ANY ($1::text[]) AND c.relkind IN ('r', 'p')
 ORDER BY pg_total_relation_size(c.oid) DESC`;

const OLDEST = `
SELECT pid, round(extract(epoch FROM clock_timestamp() - xact_start)::numeric, 1)::text AS seconds, state, application_name AS application
  FROM pg_catalog.pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL AND backend_type = 'client backend'
 ORDER BY xact_start LIMIT 1`;
