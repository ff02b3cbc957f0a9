import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { once } from '../support/moments';
import { proveForward } from '../support/run-proofs';
import { Scenario } from '../support/scenario';

jest.setTimeout(300_000);

test('a worker killed mid backup: its pg_dump ends too, nothing half stays on the shelf, another worker finishes', async () => {
  await using run = await Scenario.open({ name: 'kill-backup' });
  const first = await run.startWorker();
  run.proxy.setRule(once('hold-reply', ({ sql }) => /^COPY public\.sellout_entries2 /.test(sql ?? '')));
  await run.start();
  await run.proxy.struck();
  const dumps = await processes('pg_dump', run.stage.urls.cutover);
  expect(dumps).toHaveLength(1);
  await run.kill(first);
  await run.seen(
    'the dump’s sessions gone',
    `SELECT WHERE NOT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND usename = 'cutover')`,
  );
  expect(await processes('pg_dump', run.stage.urls.cutover)).toEqual([]);

  await run.startWorker();
  await run.ended();
  const shelf = await readdir(join(run.stage.planFolder, '.cutover', 'backups'), { recursive: true });
  expect(shelf.filter((path) => path.endsWith('.partial'))).toEqual([]);
  expect(shelf.filter((path) => path.endsWith('manifest.json'))).toHaveLength(1);
  await proveForward(run);
});

/** Pids of programs of this name that work on the database of `url`. */
async function processes(program: string, url: string): Promise<readonly string[]> {
  const database = `PGDATABASE=${new URL(url).pathname.slice(1)}`;
  const found: string[] = [];
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    const [name, environment] = await Promise.all([read(pid, 'comm'), read(pid, 'environ')]);
    if (name.trim() === program && environment.split('\0').includes(database)) found.push(pid);
  }
  return found;
}

function read(pid: string, file: string): Promise<string> {
  return readFile(join('/proc', pid, file), 'utf8').catch(() => '');
}
