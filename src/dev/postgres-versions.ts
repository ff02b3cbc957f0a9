import { join } from 'node:path';
import { runCommand } from './command';
import { isProgram } from './find-program';
import { parseVersion } from './version';

/** The majors that cutover supports. */
export const OLDEST_MAJOR = 14;
export const NEWEST_MAJOR = 18;

/** PostgreSQL programs that belong together. */
export interface PostgresBinaries {
  /** The folder of postgres and initdb. */
  readonly bin: string;
  /** The folder of pg_dump, pg_restore and psql; nearly always `bin`. Their major is >= the server's. */
  readonly clients: string;
  readonly major: number;
  /** "15.18" */
  readonly version: string;
  /** Where they come from, as a phrase: "on PATH". */
  readonly how: string;
}

export const SERVER_PROGRAMS = ['postgres', 'initdb'] as const;
export const CLIENT_PROGRAMS = ['pg_dump', 'pg_restore', 'psql'] as const;

/** The names of `wanted` that the folder lacks. */
export async function missingPrograms(folder: string, wanted: readonly string[]): Promise<readonly string[]> {
  const there = await Promise.all(wanted.map((name) => isProgram(join(folder, name))));
  return wanted.filter((_name, index) => !there[index]);
}

/** "15.18" of a PostgreSQL program, or undefined when it does not run. */
export async function postgresVersion(program: string): Promise<string | undefined> {
  const said = await runCommand({ command: program, args: ['--version'], env: { LC_ALL: 'C' } }).catch(() => undefined);
  return said?.code === 0 ? parseVersion(said.stdout)?.join('.') : undefined;
}

/** 15 of "15.18". */
export function majorOf(version: string): number {
  return Number(version.split('.')[0]);
}

/**
 * Refuses majors outside 14 to 18.
 *
 * @throws a RangeError that names both ends.
 */
export function requireSupported(major: number): void {
  if (major >= OLDEST_MAJOR && major <= NEWEST_MAJOR) return;
  throw new RangeError(
    `PostgreSQL ${major} is not supported; cutover works with ${OLDEST_MAJOR} to ${NEWEST_MAJOR}. Choose one of these.`,
  );
}
