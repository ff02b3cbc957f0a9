import { CutoverError } from '../../../src/core/failure';
import type { PostgresTarget } from '../../resources';
import { startChild } from '../../backup/child';
import { findProgram } from '../../backup/find-program';
import { findPgTool } from '../tools';
import { tally } from '../../backup/files';
import { together } from '../../backup/flow';
import { withLibpqEnv } from './libpq';
import { openArchive, withContents } from './archive';
import type { Manifest } from './manifest';
import { pour } from '../../backup/pour';

export interface RestoreOptions {
  readonly scratch: PostgresTarget;
  readonly folder: string;
  readonly manifest: Manifest;
  readonly applicationName: string;
  readonly bin?: string;
  readonly signal: AbortSignal;
  readonly onBytes: (bytes: number) => void;
}

/**
 * The whole dump into scratch, owners and grants included, in one transaction: after a failure nothing of it is there.
 * Publications and subscriptions stay out: a restored subscription would start to read from the live server.
 *
 * @throws CommandFailed with pg_restore's last lines.
 */
export async function restore(options: RestoreOptions): Promise<void> {
  const { manifest, scratch } = options;
  const pgRestore = await findPgTool({ name: 'pg_restore', atLeastMajor: manifest.dump.major, bin: options.bin });
  const zstd = manifest.dump.compression === 'zstd' ? await needZstd() : undefined;
  await withContents({ ...options, pgRestore: pgRestore.path, zstd }, (contents) =>
    withLibpqEnv(scratch, options.applicationName, (env) =>
      together(options.signal, async (signal, part) => {
        const args = restoreArgs(env, contents);
        const sink = await startChild({ program: pgRestore.path, args, env, signal });
        sink.stdout.resume();
        part(sink.ended);
        const counted = tally(options.onBytes);
        const archive = await openArchive({ ...options, zstd, signal, part, through: counted.through });
        part(pour(archive, sink.stdin));
        return () => undefined;
      }),
    ),
  );
}

function restoreArgs(env: Readonly<Record<string, string>>, contents: string): readonly string[] {
  return [
    `--use-list=${contents}`,
    `--dbname=${env.PGDATABASE ?? ''}`,
    '--single-transaction',
    '--exit-on-error',
    '--no-password',
    '--no-publications',
    '--no-subscriptions',
  ];
}

async function needZstd(): Promise<string> {
  const found = await findProgram('zstd');
  if (found !== undefined) return found;
  throw new CutoverError(
    'Misconfigured',
    'The dump is compressed with zstd, which is not on this worker; install the package zstd.',
  );
}
