import { setTimeout as sleep } from 'node:timers/promises';
import { CutoverError } from '../../src/core/failure';
import { blockerText } from './blockers';
import type { PgContext, PgSession } from './context';

/** The server's clock, in a text that loses nothing. */
export async function serverNow(session: PgSession): Promise<string> {
  const [row] = await session.query<{ now: string }>('SELECT clock_timestamp()::text AS now');
  return row?.now ?? '';
}

/**
 * Waits, without any lock, until no transaction of anybody else is left that began before `since`: whatever it read
 * then (a flag, a column) it may still act upon. Throws Blocked, naming who is left, when patience ends.
 */
export async function drained(
  context: Pick<PgContext, 'read' | 'signal' | 'progress'>,
  since: string,
  patienceMs: number,
): Promise<number> {
  const from = performance.now();
  for (;;) {
    const left = await context.read((session) => older(session, since));
    if (left.length === 0) return Math.round(performance.now() - from);
    if (performance.now() - from > patienceMs) {
      throw new CutoverError(
        'Blocked',
        `Transactions that began before the switch back are still open: ${blockerText(left)}. What they read then they may still act upon.`,
      );
    }
    context.progress({ doing: `waits for ${blockerText(left.slice(0, 1))}` });
    await sleep(50, undefined, { signal: context.signal });
  }
}

async function older(session: PgSession, since: string) {
  const rows = await session.query<{
    pid: number;
    age: number;
    state: string | null;
    query: string | null;
    application: string | null;
  }>(
    `SELECT pid, extract(epoch FROM clock_timestamp() - xact_start)::float8 * 1000 AS age, state, application_name AS application,
            left(regexp_replace(query, '''[^'']*''', '''…''', 'g'), 120) AS query
       FROM pg_stat_activity
      WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
        AND NOT starts_with(application_name, 'cutover/') AND xact_start < $1::timestamptz
      ORDER BY xact_start LIMIT 5`,
    [since],
  );
  return rows.map((r) => ({
    pid: r.pid,
    ageMs: Math.round(r.age),
    state: r.state ?? '?',
    query: r.query ?? '',
    application: r.application ?? '',
  }));
}
