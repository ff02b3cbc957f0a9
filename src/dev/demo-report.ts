import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunState } from '../core/state';
import { markdownOf } from '../report/markdown';
import { timelineOf } from '../report/timeline';
import { readLedger } from '../runtime/read-ledger';
import type { TemporalClient } from '../runtime/temporal';

/** The report of the run, as `cutover report` writes it, into a folder that outlives the demo. Returns its path. */
export async function writeReport(temporal: TemporalClient, state: RunState, folder: string): Promise<string> {
  const { run, rows } = await readLedger({ temporal, taskQueue: 'cutover', home: state.run.home, run: state.run.id });
  const timeline = timelineOf(run, rows);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'report.json'), `${JSON.stringify(timeline, undefined, 2)}\n`);
  const path = join(folder, 'report.md');
  await writeFile(path, markdownOf(timeline));
  return path;
}
