import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { projectRoot } from '../../src/dev/project-root';
import { textOf, type Results, type RowResult } from './results';
import { SETTINGS } from './server';
import { markdownTable } from './table';

const BEGIN = '<!-- figures -->';
const END = '<!-- /figures -->';

/** Writes the result into docs: all of it as JSON, the table and the machine into the page, between its two markers. */
export async function publish(results: Results, rows: readonly RowResult[]): Promise<void> {
  const docs = join(projectRoot(), 'docs');
  await writeFile(join(docs, 'bench.json'), textOf(results));
  const page = join(docs, 'benchmarks.md');
  const text = await readFile(page, 'utf8');
  const [before, after] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (before < 0 || after < before)
    throw new Error(`${page} has no place for the figures: put ${BEGIN} and ${END} into it.`);
  const figures = `${BEGIN}\n\n${machine(results)}\n\n${markdownTable(rows)}\n\n`;
  await writeFile(page, `${text.slice(0, before)}${figures}${text.slice(after)}`);
}

function machine({ machine: m, postgres, startedAt, quick }: Results): string {
  const settings = Object.entries(SETTINGS).map(([name, value]) => `${name}=${value}`);
  return [
    `${startedAt.slice(0, 10)}${quick ? ', quick (small data)' : ''}: ${m.cpu}, ${m.cores} cores, ${m.memoryGiB} GiB, ${m.kernel}, Node ${m.node}.`,
    `PostgreSQL ${postgres}, fsync on, ${settings.join(' ')}.`,
  ].join('\n');
}
