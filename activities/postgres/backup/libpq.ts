import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import type { PostgresTarget } from '../../resources';
import { errorCode } from '../../backup/files';

/** Environment that leads a libpq program to a target. */
export type LibpqEnv = Readonly<Record<string, string>>;

/**
 * Gives `work` the environment for pg_dump and pg_restore. The password lies in a file that only we can read, for as
 * long as `work` takes; argv and environment, which others can see, have none.
 */
export async function withLibpqEnv<T>(
  target: PostgresTarget,
  applicationName: string,
  work: (env: LibpqEnv) => Promise<T>,
): Promise<T> {
  await sweepAbandoned();
  const folder = await mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-`));
  try {
    const file = join(folder, 'pass');
    const client = new Client({ connectionString: target.url() }); // parses as our own connections do; never connected
    await writeFile(file, passLine(client.password), { mode: 0o600, flag: 'wx' });
    return await work({
      PGHOST: client.host,
      PGPORT: String(client.port),
      PGUSER: client.user ?? '',
      PGDATABASE: client.database ?? '',
      PGPASSFILE: file,
      PGAPPNAME: applicationName,
      ...parameters(target.url()),
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Any host: there is one connection in it, and the folder is private. */
function passLine(password: string | undefined): string {
  return password ? `*:*:*:*:${password.replace(/[\\:]/g, '\\$&')}\n` : '';
}

/** The parameters of a connection string that libpq takes by environment. */
const BY_ENVIRONMENT: Readonly<Record<string, string>> = {
  sslmode: 'PGSSLMODE',
  sslrootcert: 'PGSSLROOTCERT',
  sslcert: 'PGSSLCERT',
  sslkey: 'PGSSLKEY',
  connect_timeout: 'PGCONNECT_TIMEOUT',
  options: 'PGOPTIONS',
};

function parameters(url: string): LibpqEnv {
  if (!URL.canParse(url)) return {};
  const given = [...new URL(url).searchParams].filter(([name]) => Object.hasOwn(BY_ENVIRONMENT, name));
  return Object.fromEntries(given.map(([name, value]) => [BY_ENVIRONMENT[name] ?? name, value]));
}

const PREFIX = 'cutover-pass-';

/** A worker that was killed could not remove its own. */
async function sweepAbandoned(): Promise<void> {
  for (const name of await readdir(tmpdir()).catch(() => [])) {
    const pid = Number(/^cutover-pass-(\d+)-/.exec(name)?.[1] ?? Number.NaN);
    if (!Number.isNaN(pid) && !alive(pid)) {
      await rm(join(tmpdir(), name), { recursive: true, force: true }).catch(() => undefined); // another user's stays
    }
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}
