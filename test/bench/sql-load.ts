import { Client } from 'pg';
import { keepPace } from '../../examples/shared/pace';
import { Tally } from '../../examples/shared/tally';
import { transactionOf } from './sql-load-work';

/**
 * An old application that writes all the time, as role `app`: `DATABASE_URL=… RATE=400 CONNECTIONS=32 node sql-load.js`.
 * Every transaction inserts into one of the seven tables without the key and updates a row of another, in either order;
 * every tenth also inserts a user. It rests until SIGUSR2, and after the next one again. A JSON line per second, a summary on SIGTERM. Latencies count from when a transaction
 * was due, so that queueing shows.
 */
async function main(): Promise<void> {
  const { DATABASE_URL: url, RATE = '400', CONNECTIONS = '32' } = process.env;
  if (!url) throw new Error('The SQL load needs DATABASE_URL.');
  const connections = Number(CONNECTIONS);
  const idle = await Promise.all(Array.from({ length: connections }, () => open(url)));
  const all = [...idle];
  const work = await transactionOf(all[0] ?? (await open(url)));
  const tally = new Tally();
  let paused = true;
  process.on('SIGUSR2', () => (paused = !paused));
  const one = async (due: number): Promise<void> => {
    if (paused) return;
    const client = idle.pop();
    if (!client) throw new Error('More transactions at once than connections.');
    try {
      await work(client);
      tally.count('ok');
    } catch (error) {
      tally.count('refused', error instanceof Error ? error.message : String(error));
      await client.query('ROLLBACK').catch(() => undefined);
    }
    tally.took(performance.now() - due);
    idle.push(client);
  };
  const pace = keepPace({
    rate: Number(RATE),
    concurrency: connections,
    work: one,
    skip: () => tally.count('skipped'),
  });
  console.log(JSON.stringify({ type: 'ready' }));
  const report = setInterval(() => {
    console.log(JSON.stringify({ type: 'progress', at: Date.now(), ...tally.takeSecond() }));
  }, 1_000);
  await new Promise<void>((resolve) => process.once('SIGTERM', () => resolve()));
  await pace.stop();
  clearInterval(report);
  console.log(JSON.stringify({ type: 'summary', ...tally.summary() }));
  await Promise.all(all.map((client) => client.end()));
}

async function open(url: string): Promise<Client> {
  const client = new Client({ connectionString: url, application_name: 'bench-load' });
  client.on('error', () => undefined); // the transaction under way is refused
  await client.connect();
  return client;
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
});
