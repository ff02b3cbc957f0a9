import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { projectRoot } from '../../src/dev/project-root';
import { ENGINES, type Engine } from './engine';
import { merged, readPublished } from './published';
import { textOf, type Results } from './results';
import { ROWS } from './rows';
import { SETTINGS } from './server';
import { markdownTable } from './table';

const BEGIN = '<!-- figures -->';
const END = '<!-- /figures -->';

/** Writes the result into docs: all of it as JSON, tables and machines into the page, between its two markers. */
export async function publish(results: Results): Promise<void> {
  const docs = join(projectRoot(), 'docs');
  const json = join(docs, 'bench.json');
  const published = merged(await readPublished(json), results);
  await writeFile(json, textOf(published));
  const page = join(docs, 'benchmarks.md');
  const text = await readFile(page, 'utf8');
  const [before, after] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (before < 0 || after < before)
    throw new Error(`${page} has no place for the figures: put ${BEGIN} and ${END} into it.`);
  const parts = ENGINES.flatMap((engine) => {
    const part = published.engines[engine];
    return part ? [figuresOf(engine, part)] : [];
  });
  await writeFile(page, `${text.slice(0, before)}${BEGIN}\n\n${parts.join('\n\n')}\n\n${text.slice(after)}`);
}

function figuresOf(engine: Engine, part: Results): string {
  const rows = ROWS.flatMap(({ id }) => part.rows[id] ?? []);
  return `### ${TITLES[engine]}\n\n${machine(engine, part)}\n\n${markdownTable(rows, part.servers)}`;
}

const TITLES: Readonly<Record<Engine, string>> = { postgres: 'PostgreSQL', mongodb: 'MongoDB' };

function machine(engine: Engine, { machine: m, servers, startedAt, quick }: Results): string {
  const settings = Object.entries(SETTINGS).map(([name, value]) => `${name}=${value}`);
  return [
    `${startedAt.slice(0, 10)}${quick ? ', quick (small data)' : ''}: ${m.cpu}, ${m.cores} cores, ${m.memoryGiB} GiB, ${m.kernel}, Node ${m.node}.`,
    `${servers[engine] ?? engine}, ${engine === 'postgres' ? `fsync on, ${settings.join(' ')}` : 'one node, with authentication, its settings as they come'}.`,
  ].join('\n');
}
