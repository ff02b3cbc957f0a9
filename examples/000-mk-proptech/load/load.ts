import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { createCaller } from '../../shared/call';
import { step, type Driver } from './driver';
import { lookAround, orient, type Credentials } from './orient';
import { keepPace } from '../../shared/pace';
import { createRandom } from '../../shared/random';
import { Tally } from '../../shared/tally';
import { emptyWorld } from './world';
import { openWriteLog } from './write-log';

const LOOK_AGAIN_MS = 200;

/**
 * Customers of the application, all the time: `APP_EMAIL=… APP_PASSWORD=… node load.js --url http://… --log writes.jsonl
 * [--rate 100] [--concurrency 32] [--timeout 10000] [--seed N] [--second-tenant] [--notes-after 20]`. Works as an admin.
 * Prints a JSON line per second, and on SIGTERM, after the last reply, a summary.
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
    random: createRandom(options.seed ?? Number.parseInt(run, 16)),
    session: { token: '' },
    nextKey: () => `${run}-${(keys += 1)}`,
    secondTenant: options.secondTenant,
    notesFrom: performance.now() + options.notesAfterSeconds * 1_000,
  };
  const stopped = signalled();
  await lookAround(driver, options.credentials);
  console.log(JSON.stringify({ type: 'ready', run, rate: options.rate, mode: driver.world.mode }));
  const { tally } = driver;
  const pace = keepPace({ ...options, work: (due) => step(driver, due), skip: () => tally.count('skipped') });
  const report = setInterval(() => console.log(JSON.stringify(progress(driver))), 1_000);
  const finding = keepOriented(driver, options.credentials);
  await stopped;
  clearInterval(finding);
  await pace.stop();
  clearInterval(report);
  caller.close();
  log.close();
  console.log(JSON.stringify({ type: 'summary', ...about(driver), ...tally.summary() }));
}

/** Looks around again soon after a reply said so; while the application is away, until it is back. */
function keepOriented(driver: Driver, credentials: Credentials): NodeJS.Timeout {
  let busy = false;
  return setInterval(() => {
    if (!driver.world.lost || busy) return;
    busy = true;
    orient(driver, credentials)
      .catch(() => undefined)
      .finally(() => (busy = false));
  }, LOOK_AGAIN_MS);
}

const about = ({ world }: Driver): object => ({ mode: world.mode, tenant: world.tenant, second: world.second });

function progress(driver: Driver): object {
  const { ok, refused, unknown, reads, readErrors, leaks } = driver.tally.summary();
  const second = driver.tally.takeSecond();
  return { type: 'progress', ...about(driver), ...second, ok, refused, unknown, reads, readErrors, leaks };
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
  readonly seed: number | undefined;
  readonly secondTenant: boolean;
  readonly notesAfterSeconds: number;
  readonly credentials: Credentials;
}

function settings(): Settings {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    options: {
      url: text,
      log: text,
      rate: text,
      concurrency: text,
      timeout: text,
      seed: text,
      'notes-after': text,
      'second-tenant': { type: 'boolean' },
    },
  });
  const { env } = process;
  return {
    url: required(values.url ?? env.APP_URL, '--url or APP_URL, the address of the application'),
    log: required(values.log ?? env.WRITE_LOG, '--log or WRITE_LOG, the file that records every write'),
    rate: positive(values.rate ?? '100', '--rate'),
    concurrency: positive(values.concurrency ?? '32', '--concurrency'),
    timeoutMs: positive(values.timeout ?? '10000', '--timeout'),
    seed: values.seed === undefined ? undefined : positive(values.seed, '--seed'),
    secondTenant: values['second-tenant'] === true,
    notesAfterSeconds: Number(values['notes-after'] ?? 20),
    credentials: {
      email: required(env.APP_EMAIL, 'APP_EMAIL, an admin of the application'),
      password: required(env.APP_PASSWORD, 'APP_PASSWORD'),
    },
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
