import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startLineProcess } from '../../../src/dev/line-process';
import type { Bench } from '../row';
import { largest, percentile } from '../stats';

export interface Operation {
  /** When it was due, epoch milliseconds. */
  readonly at: number;
  readonly ms: number;
  readonly refused: boolean;
}

export interface Latency {
  readonly operations: number;
  readonly p50: number;
  readonly p99: number;
  readonly maxMs: number;
  readonly above50: number;
}

export interface UnderLoad<T> {
  readonly value: T;
  /** Of the operations that were due while the work went on. */
  readonly latency: Latency;
  readonly operations: readonly Operation[];
}

let started = 0;

/** Works while the application does: a process of its own, begun before and ended, with its last answer, after. */
export async function underLoad<T>(
  bench: Bench,
  on: { readonly url: string; readonly documents: number },
  work: () => Promise<T>,
): Promise<UnderLoad<T>> {
  started += 1;
  const file = bench.runDir.file(`mongo-load-${started}.txt`);
  const child = startLineProcess({
    name: 'the load on MongoDB',
    script: join(__dirname, 'load.js'),
    env: {
      MONGO_URL: on.url,
      DOCUMENTS: String(on.documents),
      RATE: String(bench.options.mongo.rate),
      SAMPLES: file,
    },
    logFile: bench.runDir.file('logs', `mongo-load-${started}.log`),
  });
  await child.first('ready');
  await sleep(SETTLE_MS);
  const from = Date.now();
  try {
    const value = await work();
    const to = Date.now();
    await child.stop(120_000);
    const operations = await readOperations(file);
    return { value, latency: latencyOf(operations.filter(({ at }) => at >= from && at < to)), operations };
  } finally {
    await child.stop(120_000);
  }
}

async function readOperations(file: string): Promise<readonly Operation[]> {
  const text = await readFile(file, 'utf8');
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [at, ms, answer] = line.split(' ');
      return { at: Number(at), ms: Number(ms), refused: answer === 'r' };
    });
}

function latencyOf(operations: readonly Operation[]): Latency {
  const all = operations.map(({ ms }) => ms);
  return {
    operations: all.length,
    p50: percentile(all, 0.5),
    p99: percentile(all, 0.99),
    maxMs: largest(all),
    above50: all.filter((ms) => ms > 50).length,
  };
}

/** Until every connection of the load is open and its code is warm. */
const SETTLE_MS = 1_500;
