import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CutoverError } from '../../src/core/failure';
import { pathFolders, runnable } from '../backup/find-program';

/** A PostgreSQL client program on the worker. */
export interface PgTool {
  readonly path: string;
  /** As it says itself: "pg_dump (PostgreSQL) 15.18". */
  readonly version: string;
  readonly major: number;
}

export interface FindPgTool {
  readonly name: 'pg_dump' | 'pg_restore';
  /** A pg_dump refuses newer servers. */
  readonly atLeastMajor: number;
  /** The folder of the worker's config; looked at first, and alone when given. */
  readonly bin?: string;
}

/**
 * The program whose major is nearest to, and not below, the one asked for: a much newer pg_restore sends settings that
 * an older server does not know.
 *
 * @throws Misconfigured, with what was found and what to install.
 */
export async function findPgTool(wanted: FindPgTool): Promise<PgTool> {
  const folders = wanted.bin === undefined ? await usualFolders() : [wanted.bin];
  const found = (await Promise.all(folders.map((folder) => inspect(join(folder, wanted.name))))).filter(
    (tool) => tool !== undefined,
  );
  const fit = found.filter((tool) => tool.major >= wanted.atLeastMajor).sort((a, b) => a.major - b.major)[0];
  if (fit) return fit;
  const seen = found.length > 0 ? `found only ${found.map((t) => `${t.path} ${t.major}`).join(', ')}` : 'found none';
  throw new CutoverError(
    'Misconfigured',
    `${wanted.name} of PostgreSQL ${wanted.atLeastMajor} or newer is needed, ${seen}; install the package postgresql-client-${wanted.atLeastMajor} on the worker, or name its folder as postgresBin in cutover.config.yaml.`,
  );
}

const run = promisify(execFile);

async function inspect(path: string): Promise<PgTool | undefined> {
  if (!(await runnable(path))) return undefined;
  try {
    const { stdout } = await run(path, ['--version'], {
      env: { PATH: process.env.PATH, LC_ALL: 'C' },
      timeout: 10_000,
    });
    const major = /\(PostgreSQL\) (\d+)/.exec(stdout)?.[1];
    return major === undefined ? undefined : { path, version: stdout.trim(), major: Number(major) };
  } catch {
    return undefined; // there, but not for this machine
  }
}

async function usualFolders(): Promise<readonly string[]> {
  const debian = await children('/usr/lib/postgresql', /^\d+$/);
  const redHat = await children('/usr', /^pgsql-\d+$/);
  const homebrew = await Promise.all(
    ['/opt/homebrew/opt', '/usr/local/opt'].map((root) => children(root, /^(postgresql(@\d+)?|libpq)$/)),
  );
  // Debian's /usr/bin/pg_dump is a wrapper that follows the newest cluster, so it comes last.
  return [...new Set([...debian, ...redHat, ...homebrew.flat(), ...pathFolders()])];
}

async function children(root: string, name: RegExp): Promise<readonly string[]> {
  const entries = await readdir(root).catch(() => []);
  return entries.filter((entry) => name.test(entry)).map((entry) => join(root, entry, 'bin'));
}

/** Why this pg_restore cannot fill a database of that server: from 17 on it begins with a setting that older servers do not know. */
export function tooNewToRestore(restore: number, server: number): string | undefined {
  if (restore < KNOWS_TRANSACTION_TIMEOUT || server >= KNOWS_TRANSACTION_TIMEOUT) return undefined;
  return `pg_restore ${restore} sends transaction_timeout, which PostgreSQL ${server} does not know, so the drill would fail; install the programs of ${server} (to ${KNOWS_TRANSACTION_TIMEOUT - 1}), or name their folder as postgresBin`;
}

const KNOWS_TRANSACTION_TIMEOUT = 17;
