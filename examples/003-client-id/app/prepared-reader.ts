import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import { sqlState } from './failures';

/** What the reader has seen so far. `reads` = answered ones; `failed` = refused for another reason than a stale plan. */
interface Seen {
  reads: number;
  failed: number;
  /** Times the server refused the prepared statement because the table had changed (0A000). */
  reprepared: number;
  /** Columns of the last row: shows when `SELECT *` began to carry the tenant key. */
  columns: readonly string[];
  lastError: string | null;
}

/**
 * One long-lived connection that executes a prepared `SELECT * FROM products WHERE id = $1` all the time, as many an
 * application's hot path does: `DATABASE_URL=… node prepared-reader.js`. A JSON line per second; the summary on SIGTERM.
 */
async function main(): Promise<void> {
  const url = process.env.DATABASE_URL;
  if (url === undefined) throw new Error('DATABASE_URL is not set; give it the address of the database as role app.');
  const stopped = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stopped.abort());
  const seen: Seen = { reads: 0, failed: 0, reprepared: 0, columns: [], lastError: null };
  const timer = setInterval(() => console.log(JSON.stringify({ type: 'progress', ...seen })), 1_000);
  while (!stopped.signal.aborted) await readUntilDisconnected(url, seen, stopped.signal);
  clearInterval(timer);
  console.log(JSON.stringify({ type: 'summary', ...seen }));
}

async function readUntilDisconnected(url: string, seen: Seen, stopped: AbortSignal): Promise<void> {
  const client = new Client({ connectionString: url, application_name: 'sellout-reader', query_timeout: 8_000 });
  // Without a listener the death of the connection would end the process; the query in hand reports it.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await readOn(client, seen, stopped);
  } catch (error) {
    note(seen, error);
    await pause(100);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Returns when stopped; throws when the connection is gone. */
async function readOn(client: Client, seen: Seen, stopped: AbortSignal): Promise<void> {
  for (let id = 1, generation = 0; !stopped.aborted; id = (id % 100) + 1) {
    const name = `product_by_id_${generation}`;
    try {
      const { rows } = await client.query<Record<string, unknown>>({
        name,
        text: 'SELECT * FROM products WHERE id = $1',
        values: [id],
      });
      seen.reads += 1;
      if (rows[0] !== undefined) seen.columns = Object.keys(rows[0]);
      await pause(5);
    } catch (error) {
      const code = sqlState(error);
      if (code === undefined || code.startsWith('57P')) throw error;
      if (code !== '0A000') {
        note(seen, error);
        await pause(100);
        continue;
      }
      seen.reprepared += 1;
      generation += 1;
      await client.query(`DEALLOCATE ${name}`);
    }
  }
}

function note(seen: Seen, error: unknown): void {
  seen.failed += 1;
  seen.lastError = error instanceof Error ? error.message : String(error);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
