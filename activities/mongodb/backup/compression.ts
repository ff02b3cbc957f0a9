import type { FileHandle } from 'node:fs/promises';
import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { CutoverError } from '../../../src/core/failure';
import { startChild } from '../../backup/child';
import { findProgram } from '../../backup/find-program';
import { tally, type FileDigest } from '../../backup/files';
import { together } from '../../backup/flow';

/**
 * `zstd` where the program is there: a fraction of gzip's time, and one command unpacks it for mongorestore. Otherwise
 * gzip, which mongorestore --gzip reads as it is.
 */
export type Compression = { readonly kind: 'zstd'; readonly program: string } | { readonly kind: 'gzip' };

export async function chooseCompression(): Promise<Compression> {
  const program = await findProgram('zstd');
  return program === undefined ? { kind: 'gzip' } : { kind: 'zstd', program };
}

/** How stock mongorestore reads the backup's folder; for the manifest and for people. */
export function restoreWords(kind: Compression['kind'], database: string): string {
  return kind === 'zstd'
    ? `find . -name '*.zst' -exec zstd -d -q {} + && mongorestore --nsInclude='${database}.*' --dir=.`
    : `mongorestore --gzip --nsInclude='${database}.*' --dir=.`;
}

export function suffixOf(kind: Compression['kind']): '.zst' | '.gz' {
  return kind === 'zstd' ? '.zst' : '.gz';
}

/** What `source` yields, compressed into `file`, counted and digested as it lies there. */
export async function compressInto(
  file: FileHandle,
  source: AsyncIterable<Buffer>,
  compression: Compression,
  outer: AbortSignal,
): Promise<FileDigest> {
  return together(outer, async (signal, part) => {
    const counted = tally();
    const write = (from: AsyncIterable<Buffer>): Promise<void> => writeFile(file, counted.through(from), { signal });
    if (compression.kind === 'zstd') {
      const zstd = await startChild({ program: compression.program, args: ['-1', '-q', '-c'], env: {}, signal });
      part(zstd.ended);
      part(pipeline(source, zstd.stdin, { signal }));
      part(write(zstd.stdout));
    } else {
      const gzip = createGzip({ level: 1 });
      part(pipeline(source, gzip, { signal }));
      part(write(gzip));
    }
    return () => counted.digest();
  });
}

/**
 * Hands `work` the bytes that were compressed into `path`. `work` must read to the end.
 *
 * @throws Misconfigured when the program that unpacks it is not here; CommandFailed when the file is damaged.
 */
export async function readCompressed<T>(
  path: string,
  outer: AbortSignal,
  work: (source: AsyncIterable<Buffer>, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const raw = (signal: AbortSignal): Readable => createReadStream(path, { signal, highWaterMark: 1 << 20 });
  const zstd = path.includes('.zst') ? await needZstd() : undefined;
  return together(outer, async (signal, part) => {
    let answer: { readonly value: T } | undefined;
    const give = async (source: Readable): Promise<void> => void (answer = { value: await work(source, signal) });
    if (zstd === undefined) {
      const gunzip = createGunzip();
      part(pipeline(raw(signal), gunzip, { signal }));
      part(give(gunzip));
    } else {
      const unzip = await startChild({ program: zstd, args: ['-d', '-q', '-c'], env: {}, signal });
      part(unzip.ended);
      part(pipeline(raw(signal), unzip.stdin, { signal }));
      part(give(unzip.stdout));
    }
    return () => {
      if (!answer) throw new Error(`${path} was not read to its end; try again.`);
      return answer.value;
    };
  });
}

async function needZstd(): Promise<string> {
  const found = await findProgram('zstd');
  if (found !== undefined) return found;
  throw new CutoverError(
    'Misconfigured',
    'The dump is compressed with zstd, which is not on this worker; install the package zstd.',
  );
}
