import { closeAll } from '../../src/dev/on-exit';
import { createProgress } from '../../src/dev/progress';
import { describeError } from '../../src/core/failure';
import { openBench } from './bench';
import type { Engine } from './engine';
import { loadNow, thisMachine } from './machine';
import { benchOptions, type BenchOptions } from './options';
import { publish } from './publish';
import { newestResults, newResultsFile, saveResults, textOf, type Results, type RowResult } from './results';
import type { Bench, Row } from './row';
import { ROWS } from './rows';
import { textTable } from './table';

/** `npm run bench`: the rows one after the other, kept after each, and the table. Exit code 0 when all could be measured. */
async function main(): Promise<number> {
  const options = benchOptions(
    process.argv.slice(2),
    ROWS.map((r) => r.id),
  );
  const progress = createProgress();
  const bench = openBench(options, progress);
  const { path, results: begun } = await resultsToFill(options);
  let results = begun;
  for (const row of rowsToMeasure(options, begun)) {
    const result = await measure(bench, row);
    const servers = { ...results.servers, [row.engine]: await serverOf(bench, row.engine) };
    results = { ...results, servers, rows: { ...results.rows, [row.id]: result } };
    await saveResults(path, results);
  }
  const rows = ROWS.flatMap((r) => results.rows[r.id] ?? []);
  process.stdout.write(options.json ? textOf(results) : `\n${textTable(rows, results.servers)}\n\nkept in ${path}\n`);
  if (options.publish) await publish(results);
  return 0;
}

async function resultsToFill(options: BenchOptions): Promise<{ path: string; results: Results }> {
  const newest = options.resume ? await newestResults(options.quick) : undefined;
  if (newest) return newest;
  const now = new Date();
  const results = {
    version: 2 as const,
    quick: options.quick,
    startedAt: now.toISOString(),
    machine: thisMachine(),
    servers: {},
    rows: {},
  };
  return { path: newResultsFile(now, options.quick), results };
}

/** Rows asked for by name are measured in any case; of the others those that the file does not have yet. */
function rowsToMeasure(options: BenchOptions, { rows }: Results): readonly Row[] {
  const wanted = ROWS.filter((r) => options.only === undefined || r.engine === options.only);
  if (options.rows.length > 0) return wanted.filter((r) => options.rows.includes(r.id));
  return wanted.filter((r) => rows[r.id] === undefined);
}

async function serverOf(bench: Bench, engine: Engine): Promise<string> {
  return engine === 'mongodb' ? (await bench.mongo()).name : `PostgreSQL ${(await bench.server()).version}`;
}

async function measure(bench: Bench, row: Row): Promise<RowResult> {
  const from = performance.now();
  const before = loadNow();
  const measured = await bench.progress.step(row.title, () => row.measure(bench));
  const seconds = (performance.now() - from) / 1000;
  const { engine, title } = row;
  return { ...measured, engine, title, at: new Date().toISOString(), seconds, load: [before, loadNow()] };
}

void (async () => {
  let code = 1;
  try {
    code = await main();
  } catch (error) {
    process.stderr.write(`\nThe benchmark ended early: ${describeError(error)}\n`);
  } finally {
    await closeAll();
  }
  process.exit(code);
})();
