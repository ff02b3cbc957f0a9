import { Client } from 'pg';

/** What was seen of the tool's strong locks on the application's tables by asking pg_locks again and again. */
export interface Seen {
  /** From the last sample without it to the first sample after it: an upper bound. */
  readonly longestMs: number;
  /** `users AccessExclusiveLock`. */
  readonly lock: string;
  /** Median time between two samples, and the longest: on busy cores the sampler itself has to wait. */
  readonly everyMs: number;
  readonly longestPauseMs: number;
}

export interface Sampler {
  stop(): Promise<Seen>;
}

/** Asks about every millisecond, in the server, as superuser, on a connection of its own. */
export async function sampleLocks(superuserUrl: string): Promise<Sampler> {
  const client = new Client({ connectionString: superuserUrl, application_name: 'bench' });
  client.on('error', () => undefined); // whoever asks next is told
  await client.connect();
  await client.query(SAMPLER);
  const samples: Sample[] = [];
  let stopped = false;
  const loop = (async () => {
    while (!stopped) samples.push(...(await client.query<Sample>('SELECT * FROM pg_temp.sample(200)')).rows);
    await client.end();
  })();
  return {
    stop: async () => {
      stopped = true;
      await loop;
      return judge(samples);
    },
  };
}

interface Sample {
  /** Milliseconds of the server's clock. */
  readonly at: number;
  /** `<pid> <table> <mode>` of each. */
  readonly held: readonly string[];
}

function judge(samples: readonly Sample[]): Seen {
  const open = new Map<string, number>();
  let longest = { ms: 0, lock: '' };
  const pauses: number[] = [];
  samples.forEach(({ at, held }, i) => {
    const before = samples[i - 1]?.at ?? at;
    pauses.push(at - before);
    for (const lock of held) if (!open.has(lock)) open.set(lock, before);
    for (const [lock, since] of open) {
      if (held.includes(lock)) continue;
      if (at - since > longest.ms) longest = { ms: at - since, lock: lock.slice(lock.indexOf(' ') + 1) };
      open.delete(lock);
    }
  });
  const sorted = pauses.slice(1).sort((a, b) => a - b);
  return {
    longestMs: longest.ms,
    lock: longest.lock,
    everyMs: sorted[Math.floor(sorted.length / 2)] ?? Number.NaN,
    longestPauseMs: sorted.at(-1) ?? Number.NaN,
  };
}

/** A table made a moment ago and not committed is nobody's obstacle: only tables of before count. */
const SAMPLER = `
CREATE TEMP TABLE known AS SELECT oid FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace;
CREATE FUNCTION pg_temp.sample(times int) RETURNS TABLE (at float8, held text[]) LANGUAGE plpgsql AS $$
BEGIN
  FOR i IN 1 .. times LOOP
    PERFORM pg_sleep(0.001);
    RETURN QUERY SELECT extract(epoch FROM clock_timestamp())::float8 * 1000, coalesce(
      (SELECT array_agg(l.pid || ' ' || l.relation::regclass || ' ' || l.mode) FROM pg_locks l
        WHERE l.granted AND l.locktype = 'relation' AND l.mode IN ('AccessExclusiveLock', 'ShareRowExclusiveLock')
          AND l.relation IN (SELECT oid FROM known)), '{}');
  END LOOP;
END $$`;
