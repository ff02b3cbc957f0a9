import { readFile } from 'node:fs/promises';
import { ENGINES, type Engine } from './engine';
import type { Results, RowResult } from './results';

/** docs/bench.json: the newest figures of each kind of server, with the machine and the day that they are of. */
export interface Published {
  readonly version: 2;
  readonly engines: Readonly<Partial<Record<Engine, Results>>>;
}

export async function readPublished(path: string): Promise<Published> {
  const found = JSON.parse(await readFile(path, 'utf8').catch(() => '{}')) as Partial<Published> | First;
  if (found.version === 2) return { version: 2, engines: found.engines ?? {} };
  return { version: 2, engines: found.version === 1 ? { postgres: upgraded(found as First) } : {} };
}

/**
 * What was measured now in place of what was published. A kind of server of which nothing was measured keeps its part;
 * single rows stay where they are of the same machine, server and sizes.
 */
export function merged(earlier: Published, now: Results): Published {
  const parts = ENGINES.flatMap((engine): (readonly [Engine, Results])[] => {
    const own = ofEngine(now.rows, engine);
    const before = earlier.engines[engine];
    if (Object.keys(own).length === 0) return before ? [[engine, before]] : [];
    const kept = before && sameGround(before, now, engine) ? before.rows : {};
    const server = now.servers[engine];
    return [[engine, { ...now, servers: server === undefined ? {} : { [engine]: server }, rows: { ...kept, ...own } }]];
  });
  return { version: 2, engines: Object.fromEntries(parts) };
}

function ofEngine(rows: Results['rows'], engine: Engine): Results['rows'] {
  return Object.fromEntries(Object.entries(rows).filter(([, row]) => row.engine === engine));
}

function sameGround(a: Results, b: Results, engine: Engine): boolean {
  const ground = ({ quick, machine, servers }: Results): string =>
    JSON.stringify([quick, machine.cpu, machine.cores, machine.memoryGiB, servers[engine]]);
  return ground(a) === ground(b);
}

/** As it was written when there was PostgreSQL only. */
interface First extends Omit<Results, 'version' | 'servers' | 'rows'> {
  readonly version: 1;
  readonly postgres: string;
  readonly rows: Readonly<Record<string, Omit<RowResult, 'engine'>>>;
}

function upgraded({ postgres, rows, ...rest }: First): Results {
  const engine = 'postgres' as const;
  const own = Object.entries(rows).map(([id, row]) => [id, { ...row, engine }] as const);
  return { ...rest, version: 2, servers: { postgres: `PostgreSQL ${postgres}` }, rows: Object.fromEntries(own) };
}
