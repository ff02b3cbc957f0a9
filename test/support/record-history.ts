import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { projectRoot } from '../../src/dev/project-root';
import type { BenchRun } from './bench-run';

/** Where test/replay finds what these tests went through. */
export const HISTORIES = join(projectRoot(), 'test', 'replay', 'histories');

/**
 * Keeps the history of a path for test/replay; `npm run histories` asks for it, every other run leaves the files as
 * they are. Take new ones when the workflow was changed on purpose, and only then: they stand for the runs that are open
 * when a new version is rolled out.
 */
export async function recordHistory(run: BenchRun, path: string): Promise<void> {
  if (process.env['UPDATE_HISTORIES'] !== '1') return;
  await mkdir(HISTORIES, { recursive: true });
  for (const [n, history] of (await run.histories()).entries()) {
    const name = n === 0 ? path : `${path}.${n + 1}`;
    await writeFile(
      join(HISTORIES, `${name}.json`),
      `${withoutMachine(JSON.stringify(JSON.parse(historyToJSON(history))))}\n`,
    );
  }
}

/** A client calls itself by its process and its machine, and a stack has its paths; replay looks at neither. */
function withoutMachine(json: string): string {
  return json
    .replaceAll(/"identity":"\d+@[^"]*"/g, '"identity":"client"')
    .replaceAll(/"stackTrace":"(?:[^"\\]|\\.)*"/g, '"stackTrace":""');
}
