import type { Progress } from '../../src/dev/progress';
import { openRunDir } from '../../src/dev/run-dir';
import { openMongoServer, type MongoBenchServer } from './mongo/server';
import { measureMongoRuns, type MongoWholeRun } from './mongo/whole-run';
import type { BenchOptions } from './options';
import type { Bench } from './row';
import { openServer, type BenchServer } from './server';
import { measureWholeRuns, type WholeRun } from './whole-run';

/** Opens what rows share when the first of them asks for it. */
export function openBench(options: BenchOptions, progress: Progress): Bench {
  const runDir = openRunDir('bench');
  let server: Promise<BenchServer> | undefined;
  let runs: Promise<readonly WholeRun[]> | undefined;
  let mongo: Promise<MongoBenchServer> | undefined;
  let mongoRuns: Promise<readonly MongoWholeRun[]> | undefined;
  const bench: Bench = {
    options,
    progress,
    runDir,
    server: () => (server ??= openServer(runDir, progress)),
    wholeRuns: () => (runs ??= measureWholeRuns(bench)),
    mongo: () => (mongo ??= openMongoServer(runDir, progress)),
    mongoRuns: () => (mongoRuns ??= measureMongoRuns(bench)),
  };
  return bench;
}
