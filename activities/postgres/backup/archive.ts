import { createReadStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { startChild } from '../../backup/child';
import { together } from '../../backup/flow';
import type { Manifest } from './manifest';
import { pour } from '../../backup/pour';

interface Archive {
  readonly folder: string;
  readonly manifest: Manifest;
  readonly zstd: string | undefined;
  readonly signal: AbortSignal;
}

/** The dump as pg_restore reads it. The programs and pipes behind it are handed to `part`. */
export async function openArchive(
  archive: Archive & {
    readonly part: (work: Promise<unknown>) => void;
    readonly through: (source: AsyncIterable<Buffer>) => AsyncIterable<Buffer>;
  },
): Promise<AsyncIterable<Buffer>> {
  const { folder, manifest, zstd, signal, part, through } = archive;
  const source = createReadStream(join(folder, manifest.dump.file), { signal, highWaterMark: 1 << 20 });
  if (zstd === undefined) return through(source);
  const unzip = await startChild({ program: zstd, args: ['-d', '-q', '-c'], env: {}, signal });
  part(unzip.ended);
  part(pipeline(source, through, unzip.stdin, { signal }));
  return unzip.stdout;
}

/**
 * Hands `work` a file with the archive's table of contents, less the schema public itself: every database has one, and
 * its owner, often a superuser, is not ours to give.
 */
export async function withContents<T>(
  archive: Archive & { readonly pgRestore: string },
  work: (file: string) => Promise<T>,
): Promise<T> {
  const contents = await readContents(archive);
  const folder = await mkdtemp(join(tmpdir(), 'cutover-drill-'));
  try {
    const file = join(folder, 'contents');
    const kept = contents.split('\n').filter((line) => !/^\d+; \d+ \d+ SCHEMA - public /.test(line));
    await writeFile(file, kept.join('\n'));
    return await work(file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function readContents(archive: Archive & { readonly pgRestore: string }): Promise<string> {
  const enough = new AbortController();
  return together(archive.signal, async (signal, part) => {
    const reader = await startChild({ program: archive.pgRestore, args: ['--list'], env: {}, signal });
    const lines: Buffer[] = [];
    reader.stdout.on('data', (chunk: Buffer) => lines.push(chunk));
    part(reader.ended.finally(() => enough.abort()));
    // What comes after the table of contents is not read, and not missed.
    const unmissed = (of: Promise<unknown>): void =>
      part(of.catch((error: unknown) => (enough.signal.aborted ? undefined : Promise.reject(error))));
    const both = AbortSignal.any([signal, enough.signal]);
    const through = (source: AsyncIterable<Buffer>): AsyncIterable<Buffer> => source;
    const source = await openArchive({ ...archive, signal: both, part: unmissed, through });
    unmissed(pour(source, reader.stdin));
    return () => Buffer.concat(lines).toString('utf8');
  });
}
