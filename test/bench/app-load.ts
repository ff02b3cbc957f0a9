import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { createCaller } from '../../examples/shared/call';
import { lookAround, step, type Driver } from '../../examples/003-client-id/load/driver';
import { keepPace } from '../../examples/shared/pace';
import { createRandom } from '../../examples/shared/random';
import { Tally } from '../../examples/shared/tally';
import { emptyWorld } from '../../examples/003-client-id/load/world';
import { openWriteLog } from '../../examples/003-client-id/load/write-log';

/**
 * The example's customers once more, but every latency is written down with its time: `APP_URL=… WRITE_LOG=file
 * SAMPLES=file RATE=150 node app-load.js`. A line is `<epoch ms when it was due> <ms>`. Ends on SIGTERM.
 */
async function main(): Promise<void> {
  const { APP_URL: baseUrl, RATE = '150', SAMPLES: file, WRITE_LOG: writes } = process.env;
  if (!baseUrl || !file || !writes) throw new Error('The load needs APP_URL, SAMPLES and WRITE_LOG.');
  const samples = createWriteStream(file, { mode: 0o600 });
  const caller = createCaller({ baseUrl, concurrency: 32, timeoutMs: 10_000 });
  const run = randomBytes(5).toString('hex');
  let keys = 0;
  const tally = new Tally();
  const count = tally.took.bind(tally);
  tally.took = (ms) => {
    samples.write(`${Date.now() - ms} ${ms.toFixed(3)}\n`);
    count(ms);
  };
  const driver: Driver = {
    caller,
    log: openWriteLog(writes),
    tally,
    world: emptyWorld(),
    random: createRandom(Number.parseInt(run, 16)),
    nextKey: () => `${run}-${(keys += 1)}`,
  };
  await lookAround(driver);
  const pace = keepPace({
    rate: Number(RATE),
    concurrency: 32,
    work: (due) => step(driver, due),
    skip: () => tally.count('skipped'),
  });
  console.log(JSON.stringify({ type: 'ready' }));
  await new Promise<void>((resolve) => process.once('SIGTERM', () => resolve()));
  await pace.stop();
  caller.close();
  driver.log.close();
  await new Promise<void>((resolve) => samples.end(resolve));
  console.log(JSON.stringify({ type: 'summary', ...tally.summary() }));
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
});
