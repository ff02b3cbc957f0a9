import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { benchOptions } from '../../bench/options';
import { merged, readPublished, type Published } from '../../bench/published';
import type { Results, RowResult } from '../../bench/results';
import type { Engine } from '../../bench/engine';

const MACHINE = { cpu: 'some', cores: 2, memoryGiB: 24, kernel: 'linux', node: 'v20' };

describe('the published figures of the benchmark', () => {
  it('keep the rows of a server of which nothing was measured', () => {
    const before: Published = { version: 2, engines: { postgres: results('postgres', 'PostgreSQL 15', ['locks']) } };
    const { engines } = merged(before, results('mongodb', 'MongoDB 8', ['mongo-dump']));
    expect(engines.postgres).toEqual(before.engines.postgres);
    expect(Object.keys(engines.mongodb?.rows ?? {})).toEqual(['mongo-dump']);
  });

  it('keep single rows of the same server on the same machine, and no others', () => {
    const before: Published = { version: 2, engines: { mongodb: results('mongodb', 'MongoDB 8', ['mongo-run']) } };
    const same = merged(before, results('mongodb', 'MongoDB 8', ['mongo-dump']));
    expect(Object.keys(same.engines.mongodb?.rows ?? {})).toEqual(['mongo-run', 'mongo-dump']);
    const other = merged(before, results('mongodb', 'MongoDB 7', ['mongo-dump']));
    expect(Object.keys(other.engines.mongodb?.rows ?? {})).toEqual(['mongo-dump']);
  });

  it('are read as they were written when there was PostgreSQL only', async () => {
    const path = join(await mkdtemp(join(tmpdir(), 'cutover-bench-')), 'bench.json');
    const { servers: _, version: _version, ...rest } = results('postgres', '', ['locks']);
    await writeFile(path, JSON.stringify({ ...rest, version: 1, postgres: '15.18' }));
    const { engines } = await readPublished(path);
    expect(engines.postgres?.servers).toEqual({ postgres: 'PostgreSQL 15.18' });
    expect(engines.postgres?.rows['locks']?.engine).toBe('postgres');
  });
});

describe('the options of the benchmark', () => {
  it('take the rows of one kind of server, and the size of the collection', () => {
    const { only, mongo } = benchOptions(['--only', 'mongodb', '--documents', '8000'], []);
    expect(only).toBe('mongodb');
    expect(mongo).toMatchObject({ documents: 8_000, small: 1_000 });
  });

  it('refuse what does not exist, and say what does', () => {
    expect(() => benchOptions(['--only', 'mysql'], [])).toThrow('postgres or mongodb');
    expect(() => benchOptions(['--row', 'x'], ['locks'])).toThrow('the rows are locks');
    expect(() => benchOptions(['--documents', '-1'], [])).toThrow('--documents');
  });
});

function results(engine: Engine, server: string, ids: readonly string[]): Results {
  const row = {
    engine,
    title: 't',
    at: '2026-01-01',
    seconds: 1,
    load: [0, 0] as const,
    lines: [],
    data: 0,
    notes: [],
  };
  const rows: Readonly<Record<string, RowResult>> = Object.fromEntries(ids.map((id) => [id, row]));
  const servers = { [engine]: server };
  return { version: 2, quick: false, startedAt: '2026-01-01', machine: MACHINE, servers, rows };
}
