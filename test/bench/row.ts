import type { Progress } from '../../src/dev/progress';
import type { RunDir } from '../../src/dev/run-dir';
import type { Engine } from './engine';
import type { MongoWholeRun } from './mongo/whole-run';
import type { MongoBenchServer } from './mongo/server';
import type { BenchOptions } from './options';
import type { BenchServer } from './server';
import type { WholeRun } from './whole-run';

/** One line of the table. A row of the benchmark has one or more. */
export interface Line {
  readonly what: string;
  readonly measured: string;
  /** As the issue words it; `-` where the figure is printed and not judged. */
  readonly target: string;
  /** Against what, from the same run; empty where there is none. */
  readonly ratio: string;
  /** Absent: printed only. */
  readonly met?: boolean;
}

export interface Measured {
  readonly lines: readonly Line[];
  /** Every single measurement behind the lines; plain JSON. */
  readonly data: unknown;
  /** What a reader of the figures must know. */
  readonly notes: readonly string[];
}

/** A row that can be measured alone: what it needs it sets up itself, and takes down again. */
export interface Row {
  readonly id: string;
  readonly engine: Engine;
  readonly title: string;
  measure(bench: Bench): Promise<Measured>;
}

/** What rows share within one run of the benchmark; opened by whoever needs it first. */
export interface Bench {
  readonly options: BenchOptions;
  readonly progress: Progress;
  /** A folder of this run of the benchmark: logs, data, stores. */
  readonly runDir: RunDir;
  server(): Promise<BenchServer>;
  /** The whole runs of the tool, through Temporal, under the example's application: several rows read them. */
  wholeRuns(): Promise<readonly WholeRun[]>;
  /** The same on MongoDB. */
  mongo(): Promise<MongoBenchServer>;
  mongoRuns(): Promise<readonly MongoWholeRun[]>;
}
