import { writeFile, type FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { startChild } from '../../backup/child';
import { findProgram } from '../../backup/find-program';
import type { PgTool } from '../tools';
import { tally, type FileDigest } from '../../backup/files';
import { together } from '../../backup/flow';
import type { LibpqEnv } from './libpq';

export interface DumpOptions {
  readonly pgDump: PgTool;
  readonly env: LibpqEnv;
  readonly snapshot: string;
  readonly excludeSchemas: readonly string[];
  readonly file: FileHandle;
  readonly compression: Compression;
  readonly signal: AbortSignal;
  readonly onBytes: (bytes: number) => void;
}

export type Compression = { readonly kind: 'zstd'; readonly program: string } | { readonly kind: 'gzip' };

/** zstd beside an uncompressed dump takes a seventh of the time of pg_dump's own gzip, and its file is smaller. */
export async function chooseCompression(): Promise<Compression> {
  const program = await findProgram('zstd');
  return program === undefined ? { kind: 'gzip' } : { kind: 'zstd', program };
}

/**
 * pg_dump's custom format into `file`, compressed, digested on the way. All of it runs through this process: when it is
 * killed, the programs' next write fails and they end too.
 */
export async function dump(options: DumpOptions): Promise<FileDigest> {
  const { compression } = options;
  return together(options.signal, async (signal, part) => {
    const level = compression.kind === 'zstd' ? '0' : '1';
    const source = await startChild({
      program: options.pgDump.path,
      args: dumpArgs(options, level),
      env: options.env,
      signal,
    });
    part(source.ended);
    const counted = tally(options.onBytes);
    const write = (from: Readable): Promise<void> => writeFile(options.file, counted.through(from), { signal });
    if (compression.kind === 'zstd') {
      const zstd = await startChild({ program: compression.program, args: ['-1', '-T2', '-q', '-c'], env: {}, signal });
      part(zstd.ended);
      part(pipeline(source.stdout, zstd.stdin, { signal }));
      part(write(zstd.stdout));
    } else {
      part(write(source.stdout));
    }
    return () => counted.digest();
  });
}

function dumpArgs(options: DumpOptions, level: string): readonly string[] {
  return [
    '--format=custom',
    `--compress=${level}`,
    `--snapshot=${options.snapshot}`,
    '--no-password',
    '--lock-wait-timeout=30s', // somebody's ACCESS EXCLUSIVE; give up rather than sit in the queue
    ...options.excludeSchemas.map((schema) => `--exclude-schema="${schema.replaceAll('"', '""')}"`),
  ];
}
