import { join } from 'node:path';
import { runCommand } from '../../src/dev/command';
import { findPostgres } from '../../src/dev/postgres-binaries';
import { createProgress } from '../../src/dev/progress';
import { connectionEnv } from '../../src/dev/psql';

/** `pg_dump -s` without the tool's own schema: what a rollback must leave as it was. */
export async function dumpSchema(url: string): Promise<string> {
  const { clients } = await findPostgres({ progress: createProgress({ out: { write: () => true } }) });
  const result = await runCommand({
    command: join(clients, 'pg_dump'),
    args: ['--schema-only', '--exclude-schema', 'cutover'],
    env: { PATH: process.env.PATH, ...connectionEnv(url) },
  });
  if (result.code !== 0) throw new Error(result.stderr);
  return result.stdout.replaceAll(/^\\(un)?restrict .*$/gm, '');
}
