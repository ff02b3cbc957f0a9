import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startLineProcess, type LineProcess } from '../../src/dev/line-process';
import type { RunDir } from '../../src/dev/run-dir';
import type { BenchOptions } from './options';

export interface LoadSummary {
  readonly ok: number;
  readonly refused: number;
  readonly skipped: number;
  readonly p50: number;
  readonly p99: number;
  /** The longest transaction: what a freeze or a lock cost at worst. */
  readonly maxMs: number;
  readonly firstError: string | null;
}

export interface SqlLoad {
  /** Writes only while `work` goes on; before and after, it rests: two databases share the machine, not the load. */
  during<T>(work: () => Promise<T>): Promise<T>;
  stop(): Promise<LoadSummary>;
}

/** The load of `sql-load.ts` as a process of its own, so that the tool and it do not wait for each other's JavaScript. */
export async function startSqlLoad(input: {
  readonly runDir: RunDir;
  readonly name: string;
  readonly url: string;
  readonly load: BenchOptions['load'];
}): Promise<SqlLoad> {
  const { runDir, name, url, load } = input;
  const child: LineProcess = startLineProcess({
    name: `the load on ${name}`,
    script: join(__dirname, 'sql-load.js'),
    env: { DATABASE_URL: url, RATE: String(load.rate), CONNECTIONS: String(load.connections) },
    logFile: runDir.file('logs', `load-${name}.log`),
  });
  await child.first('ready');
  return {
    during: async (work) => {
      child.kill('SIGUSR2');
      await sleep(SETTLE_MS);
      try {
        return await work();
      } finally {
        child.kill('SIGUSR2');
        await sleep(SETTLE_MS);
      }
    },
    stop: async () => {
      await child.stop();
      const line = child.latest('summary');
      if (!line) throw new Error(`The load on ${name} ended without its summary; see its log in ${runDir.path}.`);
      const number = (key: string): number => Number(line[key] ?? Number.NaN);
      return {
        ok: number('ok'),
        refused: number('refused'),
        skipped: number('skipped'),
        p50: number('p50'),
        p99: number('p99'),
        maxMs: number('maxMs'),
        firstError: typeof line['firstError'] === 'string' ? line['firstError'] : null,
      };
    },
  };
}

/** Until the load runs at its pace, or its last transactions are over. */
const SETTLE_MS = 500;
