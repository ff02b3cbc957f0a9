import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { createCaller } from '../../shared/call';
import { lookAround, step, type Driver } from './driver';
import { keepPace } from '../../shared/pace';
import { createRandom } from '../../shared/random';
import { Tally } from '../../shared/tally';
import { emptyWorld } from './world';
import { openWriteLog } from './write-log';

/**
 * Customers of the application, all the time: `node load.js --url http://… --log writes.jsonl [--rate 150]
 * [--concurrency 32] [--timeout 10000]`, or APP_URL, WRITE_LOG, RATE, CONCURRENCY, REQUEST_TIMEOUT_MS. Prints a JSON line
 * per second, and on SIGTERM, after the last reply, a summary.
 */
async function main(): Promise<void> {
  const options = settings();
  const log = openWriteLog(options.log);
  const caller = createCaller({ baseUrl: options.url, concurrency: options.concurrency, timeoutMs: options.timeoutMs });
  const run = randomBytes(5).toString('hex');
  let keys = 0;
  const driver: Driver = {
    caller,
    log,
    tally: new Tally(),
    world: emptyWorld(),
    random: createRandom(Number.parseInt(run, 16)),
    nextKey: () => `${run}-${(keys += 1)}`,
  };
  const stopped = signalled();
  await lookAround(driver);
  console.log(JSON.stringify({ type: 'ready', run, rate: options.rate, version: driver.world.version }));
  const { tally } = driver;
  const pace = keepPace({ ...options, work: (due) => step(driver, due), skip: () => tally.count('skipped') });
  const report = setInterval(() => console.log(JSON.stringify(progress(driver))), 1_000);
  await stopped;
  await pace.stop();
  clearInterval(report);
  caller.close();
  log.close();
  console.log(JSON.stringify({ type: 'summary', version: driver.world.version, ...tally.summary() }));
}

function progress({ tally, world }: Driver): object {
  const { ok, refused, unknown, reads, readErrors, leaks } = tally.summary();
  return {
    type: 'progress',
    version: world.version,
    ...tally.takeSecond(),
    ok,
    refused,
    unknown,
    reads,
    readErrors,
    leaks,
  };
}

function signalled(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
}

interface Settings {
  readonly url: string;
  readonly log: string;
  readonly rate: number;
  readonly concurrency: number;
  readonly timeoutMs: number;
}

function settings(): Settings {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ options: { url: text, log: text, rate: text, concurrency: text, timeout: text } });
  const { env } = process;
  return {
    url: required(values.url ?? env.APP_URL, '--url or APP_URL, the address of the application'),
    log: required(values.log ?? env.WRITE_LOG, '--log or WRITE_LOG, the file that records every write'),
    rate: positive(values.rate ?? env.RATE ?? '150', '--rate'),
    concurrency: positive(values.concurrency ?? env.CONCURRENCY ?? '32', '--concurrency'),
    timeoutMs: positive(values.timeout ?? env.REQUEST_TIMEOUT_MS ?? '10000', '--timeout'),
  };
}

function required(value: string | undefined, what: string): string {
  if (value === undefined || value === '') throw new Error(`The load needs ${what}.`);
  return value;
}

function positive(value: string, name: string): number {
  const number = Number(value);
  if (!Number.isFinite(number) || number <= 0) throw new Error(`${name} must be a number above 0, but was ${value}.`);
  return number;
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
