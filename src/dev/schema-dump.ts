import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** `pg_dump -s` without the tool's own schema: what the application's database looks like. The password travels in the environment. */
export async function schemaDump(bin: string, superuserUrl: string): Promise<string> {
  const { hostname, port, username, password, pathname } = new URL(superuserUrl);
  const env = {
    PATH: process.env['PATH'] ?? '',
    PGHOST: hostname,
    PGPORT: port,
    PGUSER: username,
    PGPASSWORD: decodeURIComponent(password),
    PGDATABASE: pathname.slice(1),
  };
  const { stdout } = await run(join(bin, 'pg_dump'), ['-s', '-N', 'cutover'], { env, maxBuffer: 64 * 1024 * 1024 });
  // pg_dump of newer minor releases frames its output with a random key.
  return stdout.replace(/^\\(un)?restrict .*$/gm, '');
}
