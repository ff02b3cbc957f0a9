import { findPostgres } from '../../../src/dev/postgres-binaries';
import { startPostgres } from '../../../src/dev/postgres-server';
import { silent } from '../../../src/dev/progress';
import { openRunDir } from '../../../src/dev/run-dir';
import { findOrBuildTemporal } from '../../../src/dev/temporal-binary';
import { startTemporal } from '../../../src/dev/temporal-server';

/** Starts both servers, prints what they are, and stays until it is killed. */
async function main(): Promise<void> {
  const run = openRunDir('hygiene');
  const postgres = await startPostgres({
    binaries: await findPostgres({ progress: silent }),
    dataDir: run.file('pg', 'data'),
    logFile: run.file('logs', 'postgres.log'),
  });
  const temporal = await startTemporal({
    binary: await findOrBuildTemporal(silent),
    searchAttributes: {},
    headless: true,
    logFile: run.file('logs', 'temporal.log'),
  });
  process.stdout.write(`${JSON.stringify({ folder: run.path, pids: [postgres.pid, temporal.pid] })}\n`);
  setInterval(() => undefined, 60_000);
}

void main();
