import { setTimeout as sleep } from 'node:timers/promises';
import type { PgContext, PgSession } from './context';
import { split } from './identifiers';
import { refused } from './pg-error';

interface Build {
  readonly pid: number;
  readonly application: string;
  readonly phase: string;
  readonly done: string;
  readonly total: string;
  /** Whom it waits for: pid, application and age of the transaction. */
  readonly waitsFor: string | null;
}

/** Reports how far the build is, from a second session, until `work` ends. */
export async function watchBuild<T>(context: PgContext, index: string, work: () => Promise<T>): Promise<T> {
  const ended = new AbortController();
  const watching = watch(context, index, ended.signal);
  try {
    return await work();
  } finally {
    ended.abort();
    await watching;
  }
}

/**
 * A worker that died leaves its build running on the server: it is healthy, so we wait for it and report its progress.
 * A build of this name by anybody else is refused.
 */
export async function awaitBuild(context: PgContext, index: string): Promise<void> {
  for (;;) {
    context.signal.throwIfAborted();
    const build = await context.read((session) => findBuild(session, index));
    if (!build) return;
    if (!build.application.startsWith('cutover/')) {
      throw refused(
        `The session ${build.pid} (${build.application || 'no application name'}) is building or dropping ${index}; wait for it, then \`cutover retry\`.`,
      );
    }
    report(context, index, build);
    await sleep(POLL_MS, undefined, { signal: context.signal });
  }
}

async function watch(context: PgContext, index: string, ended: AbortSignal): Promise<void> {
  while (!ended.aborted) {
    const build = await context.read((session) => findBuild(session, index)).catch(() => undefined);
    if (build) report(context, index, build);
    await sleep(POLL_MS, undefined, { signal: ended }).catch(() => undefined);
  }
}

function report(context: PgContext, index: string, build: Build): void {
  const doing = build.waitsFor ? `${index}: ${build.phase}, waits for ${build.waitsFor}` : `${index}: ${build.phase}`;
  const total = Number(build.total);
  context.progress(total > 0 ? { doing, done: Number(build.done), total, unit: 'blocks' } : { doing });
}

/** By the text of the statement: the progress view knows the index only after the first phase. */
async function findBuild(session: PgSession, index: string): Promise<Build | undefined> {
  const rows = await session.query<Build>(
    `SELECT a.pid, a.application_name AS application, coalesce(p.phase, 'starting') AS phase,
            coalesce(p.blocks_done, 0) AS done, coalesce(p.blocks_total, 0) AS total,
            (SELECT format('pid %s (%s), transaction open for %s s', b.pid, b.application_name, extract(epoch FROM now() - b.xact_start)::int)
               FROM pg_stat_activity b WHERE b.pid = p.current_locker_pid AND p.phase LIKE 'waiting%') AS "waitsFor"
       FROM pg_stat_activity a LEFT JOIN pg_stat_progress_create_index p ON p.pid = a.pid
      WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() AND a.state = 'active'
        AND a.query ~* '^\\s*(create|drop|reindex)\\s[^;]*index' AND a.query ~ $1
      ORDER BY a.pid LIMIT 1`,
    [`\\m${split(index).local.replaceAll(/[^\w]/g, '.')}\\M`],
  );
  return rows[0];
}

const POLL_MS = 1_000;
