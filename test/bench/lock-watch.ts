import type { Client } from 'pg';

/** How long one transaction of the tool held its strongest locks on tables that others can see. */
export interface Hold {
  /** `users AccessExclusiveLock`. */
  readonly locks: readonly string[];
  /** From the first of them to the server's answer to COMMIT. */
  readonly ms: number;
  /** `lock`: counted from the moment the lock was had. `message`: from before the message that took it, so an upper bound. */
  readonly from: 'lock' | 'message';
  /** What was sent meanwhile, first words only, with its milliseconds. */
  readonly messages: readonly { readonly text: string; readonly ms: number }[];
}

export interface LockWatch {
  readonly holds: readonly Hold[];
}

/**
 * Watches one session from within: after every message of a transaction it asks pg_locks, in the same session, whether
 * ACCESS EXCLUSIVE or SHARE ROW EXCLUSIVE locks on one of `relations` are held, until they are; then it waits for the
 * COMMIT. Asking takes a moment itself, during which the locks are held: it is not counted. Nothing is sampled, so no
 * hold of a transaction can be missed; statements outside transactions are not seen (see `watchAll`).
 */
export function watchLocks(client: Client, relations: readonly number[]): LockWatch {
  const holds: Hold[] = [];
  const send = client.query.bind(client) as Send;
  let open: Open | undefined;
  const watched: Send = async (...args) => {
    const text = textOf(args[0]);
    if (/^\s*BEGIN/i.test(text)) open = { messages: [] };
    const started = performance.now();
    const result = await send(...args).catch((error: unknown) => {
      open = undefined; // aborted: nothing more can be asked in it, and nothing of it stays
      throw error;
    });
    if (open === undefined) return result;
    const ended = performance.now();
    if (ENDS.test(text)) {
      if (open.found) holds.push(holdOf(open.found, open.messages, { text, started, ended }));
      else if (STRONG.test(text)) holds.push(wholeMessage(text, ended - started));
      open = undefined;
    } else if (open.found) {
      open.messages.push({ text: firstWords(text), ms: ended - started });
    } else {
      const answer = (await send(PROBE, [relations])) as { readonly rows: readonly Probe[] };
      const probe = answer.rows[0];
      if (probe && probe.locks.length > 0) {
        const before = probe.sinceLock ?? ended - started;
        open.found = {
          locks: probe.locks,
          before,
          from: probe.sinceLock === null ? 'message' : 'lock',
          at: performance.now(),
        };
        open.messages.push({ text: firstWords(text), ms: ended - started });
      }
    }
    return result;
  };
  client.query = watched as unknown as Client['query'];
  return { holds };
}

type Send = (...args: readonly unknown[]) => Promise<unknown>;

interface Probe {
  readonly locks: readonly string[];
  /** Milliseconds since the step itself noted that it has its lock; null when it notes nothing. */
  readonly sinceLock: number | null;
}

interface Found {
  readonly locks: readonly string[];
  readonly before: number;
  readonly from: Hold['from'];
  readonly at: number;
}

interface Open {
  found?: Found;
  readonly messages: { text: string; ms: number }[];
}

interface Sent {
  readonly text: string;
  readonly started: number;
  readonly ended: number;
}

function holdOf(found: Found, messages: Hold['messages'], last: Sent): Hold {
  return {
    locks: found.locks,
    ms: found.before + (last.ended - found.at),
    from: found.from,
    messages: [...messages, { text: firstWords(last.text), ms: last.ended - last.started }],
  };
}

function wholeMessage(text: string, ms: number): Hold {
  return { locks: ['in one message'], ms, from: 'message', messages: [{ text: firstWords(text), ms }] };
}

const ENDS = /(^|;)\s*(COMMIT|ROLLBACK)\s*;?\s*$/i;
const STRONG = /LOCK TABLE|ALTER TABLE|CREATE TRIGGER|DROP T/i;

const PROBE = `
SELECT coalesce((SELECT array_agg(DISTINCT l.relation::regclass::text || ' ' || l.mode) FROM pg_catalog.pg_locks l
                  WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation' AND l.granted
                    AND l.mode IN ('AccessExclusiveLock', 'ShareRowExclusiveLock') AND l.relation::int8 = ANY ($1::int8[])), '{}') AS locks,
       extract(epoch FROM clock_timestamp() - coalesce(nullif(current_setting('cutover.first_lock_at', true), ''),
                                                      nullif(current_setting('cutover.locked_at', true), ''))::timestamptz)::float8 * 1000 AS "sinceLock"`;

function textOf(query: unknown): string {
  if (typeof query === 'string') return query;
  return typeof query === 'object' && query !== null && 'text' in query ? String(query.text) : '';
}

function firstWords(text: string): string {
  return text.replace(/\s+/g, ' ').trim().slice(0, 60);
}
