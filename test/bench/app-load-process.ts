import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startLineProcess } from '../../src/dev/line-process';
import type { Stage } from '../../src/dev/stage';
import type { Bench } from './row';

/** One request: when it was due (epoch ms), and how long until its answer was there. */
export type Sample = readonly [at: number, ms: number];

export interface AppLoad {
  /** Stops it and reads what it wrote down; again the same when asked again. */
  stop(): Promise<readonly Sample[]>;
}

/** Takes the place of the stage's own load, and goes on with its log of promised writes. */
export async function startAppLoad(input: {
  readonly bench: Bench;
  readonly stage: Stage;
  readonly name: string;
}): Promise<AppLoad> {
  const { bench, stage, name } = input;
  await stage.load.stop();
  const file = bench.runDir.file(`${name}-samples.txt`);
  const child = startLineProcess({
    name: 'the load whose latencies are kept',
    script: join(__dirname, 'app-load.js'),
    env: { APP_URL: stage.appUrl, RATE: String(bench.options.requests), SAMPLES: file, WRITE_LOG: stage.writeLog },
    logFile: bench.runDir.file('logs', `${name}-app-load.log`),
  });
  await child.first('ready');
  let stopped: Promise<readonly Sample[]> | undefined;
  return { stop: () => (stopped ??= child.stop().then(() => readSamples(file))) };
}

async function readSamples(file: string): Promise<readonly Sample[]> {
  const text = await readFile(file, 'utf8');
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [at, ms] = line.split(' ').map(Number);
      return [at ?? Number.NaN, ms ?? Number.NaN];
    });
}
