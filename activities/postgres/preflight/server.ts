import type { PgSession } from '../context';
import { check, listed, type Findings } from '../../findings';

export const OLDEST_MAJOR = 14;
export const NEWEST_MAJOR = 18;

/** What all lock waits of one try of the freeze may take; the application must never be the one that gives up first. */
const STALL_MS = 100;

export async function serverVersion(session: PgSession): Promise<{ readonly major: number; readonly version: string }> {
  const [row] = await session.query<{ version: string; number: number }>(
    `SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int AS number`,
  );
  return { major: Math.floor((row?.number ?? 0) / 10_000), version: row?.version ?? 'unknown' };
}

/** Asked first and alone: older servers lack what the other questions use. */
export function versionFindings({ major, version }: { readonly major: number; readonly version: string }): Findings {
  const problems: string[] = [];
  if (major < OLDEST_MAJOR) {
    const bare = major < 13 ? 'it has no gen_random_uuid() of its own (core only from 13); and ' : '';
    problems.push(
      `PostgreSQL ${version} is too old: ${bare}it cannot hash whole rows (hash_record_extended) or scan by ranges of ctid, on which the proofs and backfills stand; upgrade to ${OLDEST_MAJOR} or newer`,
    );
  }
  if (major > NEWEST_MAJOR) {
    problems.push(`PostgreSQL ${version} is newer than cutover was tried with (${NEWEST_MAJOR}); use a newer cutover`);
  }
  return {
    checks: [
      check('server version', `PostgreSQL ${OLDEST_MAJOR} to ${NEWEST_MAJOR}`, problems, `PostgreSQL ${version}`),
    ],
    figures: { server: version },
  };
}

export async function serverFindings(session: PgSession): Promise<Findings> {
  const [row] = await session.query<ServerRow>(SERVER);
  if (!row) throw new Error('The server did not answer about itself; look at its log, then try again.');
  const prepared = await session.query<{ gid: string; seconds: string }>(PREPARED);
  const slots = await session.query<{ name: string; active: boolean; behind: string | null }>(SLOTS);
  return {
    checks: [
      check(
        'primary',
        'not in recovery',
        row.recovery ? ['the server is in recovery: this is a standby; give the primary as target'] : [],
      ),
      check(
        'deadlock_timeout',
        `more than ${STALL_MS} ms`,
        row.deadlock > STALL_MS
          ? []
          : [`${row.deadlock} ms: in a freeze the application could be chosen to fail; set deadlock_timeout to 1s`],
        `${row.deadlock} ms`,
      ),
      check(
        'prepared transactions',
        'none',
        prepared.map(
          (p) =>
            `"${p.gid}" is open for ${p.seconds} s and holds its locks until somebody decides; COMMIT PREPARED or ROLLBACK PREPARED it`,
        ),
      ),
    ],
    warnings: [
      ...slots.map(
        (s) =>
          `replication slot ${s.name} (${s.active ? 'active' : 'nobody reads it'}) keeps WAL back: ${s.behind ?? 'an unknown number of'} bytes`,
      ),
      ...(row.archiving_fails
        ? ['archiving of WAL fails since its last success: WAL piles up on the disk (pg_stat_archiver)']
        : []),
      ...(row.sync !== ''
        ? [`synchronous_standby_names is "${row.sync}": every commit of the freeze waits for a standby`]
        : []),
    ],
    figures: {
      maxWalSize: row.max_wal_size,
      walKeepSize: row.wal_keep_size,
      walLevel: row.wal_level,
      slots: listed(slots.map((s) => s.name)) || 'none',
    },
  };
}

interface ServerRow {
  readonly recovery: boolean;
  readonly deadlock: number;
  readonly max_wal_size: string;
  readonly wal_keep_size: string;
  readonly wal_level: string;
  readonly sync: string;
  readonly archiving_fails: boolean;
}

const SERVER = `
SELECT pg_is_in_recovery() AS recovery, extract(epoch FROM current_setting('deadlock_timeout')::interval)::float8 * 1000 AS deadlock,
       current_setting('max_wal_size') AS max_wal_size, current_setting('wal_keep_size') AS wal_keep_size,
       current_setting('wal_level') AS wal_level, current_setting('synchronous_standby_names') AS sync,
       coalesce((SELECT last_failed_time > coalesce(last_archived_time, '-infinity') FROM pg_catalog.pg_stat_archiver), false) AS archiving_fails`;

const PREPARED = `
SELECT gid, round(extract(epoch FROM clock_timestamp() - prepared))::text AS seconds
  FROM pg_catalog.pg_prepared_xacts WHERE database = current_database() ORDER BY prepared`;

const SLOTS = `
SELECT slot_name AS name, active, CASE WHEN pg_is_in_recovery() THEN NULL ELSE pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::bigint::text END AS behind
  FROM pg_catalog.pg_replication_slots WHERE database IS NULL OR database = current_database() ORDER BY 1`;
