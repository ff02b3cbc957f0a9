import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { projectRoot } from '../../src/dev/project-root';
import type { Engine } from './engine';
import type { Machine } from './machine';
import type { Measured } from './row';

/** One file of `bench-results/`: written after every row, so that an interrupted run is resumed where it was. */
export interface Results {
  readonly version: 2;
  readonly quick: boolean;
  readonly startedAt: string;
  readonly machine: Machine;
  /** Name and version of each server that a row was measured on. */
  readonly servers: Readonly<Partial<Record<Engine, string>>>;
  readonly rows: Readonly<Record<string, RowResult>>;
}

export interface RowResult extends Measured {
  readonly engine: Engine;
  readonly title: string;
  readonly at: string;
  readonly seconds: number;
  /** Load average before and after: what else the machine was busy with. */
  readonly load: readonly [before: number, after: number];
}

const FOLDER = join(projectRoot(), 'bench-results');

export function newResultsFile(at: Date, quick: boolean): string {
  const stamp = at.toISOString().slice(0, 19).replaceAll(':', '');
  return join(FOLDER, `${stamp}${quick ? '-quick' : ''}.json`);
}

/** The newest file of the same kind, full or quick; undefined when there is none. */
export async function newestResults(quick: boolean): Promise<{ path: string; results: Results } | undefined> {
  if (!existsSync(FOLDER)) return undefined;
  const files = (await readdir(FOLDER)).filter((f) => f.endsWith('.json') && f.endsWith('-quick.json') === quick);
  const newest = files.sort().at(-1);
  if (newest === undefined) return undefined;
  const path = join(FOLDER, newest);
  const results = JSON.parse(await readFile(path, 'utf8')) as Results;
  if (results.version === 2) return { path, results };
  throw new Error(`${path} was written by an earlier version of the benchmark; move it away.`);
}

export async function saveResults(path: string, results: Results): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.part`, textOf(results));
  await rename(`${path}.part`, path);
}

/** Microseconds are more than any of these figures is worth. */
export function textOf(results: unknown): string {
  const rounded = (_key: string, value: unknown): unknown =>
    typeof value === 'number' ? Math.round(value * 1000) / 1000 : value;
  return `${JSON.stringify(results, rounded, 1)}\n`;
}
