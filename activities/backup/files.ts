import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';

export interface FileDigest {
  /** 64 hex digits. */
  readonly sha256: string;
  readonly bytes: number;
}

/** Counts and digests what passes through a pipeline. */
export function tally(onBytes?: (bytes: number) => void): {
  readonly through: (source: AsyncIterable<Buffer>) => AsyncGenerator<Buffer>;
  readonly digest: () => FileDigest;
} {
  const hash = createHash('sha256');
  let bytes = 0;
  return {
    async *through(source) {
      for await (const chunk of source) {
        hash.update(chunk);
        bytes += chunk.length;
        onBytes?.(bytes);
        yield chunk;
      }
    },
    digest: () => ({ sha256: hash.digest('hex'), bytes }),
  };
}

/** Of the bytes as they lie there now: reads the whole file. */
export async function fileDigest(path: string, signal?: AbortSignal): Promise<FileDigest> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(path, { signal, highWaterMark: 1 << 20 })) {
    const data = chunk as Buffer;
    hash.update(data);
    bytes += data.length;
  }
  return { sha256: hash.digest('hex'), bytes };
}

/** Writes a new file that is on disk, and read-only, when this returns. Refuses an existing one (EEXIST). */
export async function writeOnce(path: string, write: (file: FileHandle) => Promise<void>): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await write(file);
    await file.sync();
  } finally {
    await file.close().catch(() => undefined); // a stream over it may have closed it
  }
  await chmod(path, 0o400);
}

/** Makes a rename or a new entry in the folder survive a power cut. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** ENOSPC and the like; undefined where there is none. Tells errors of other realms (jest's) as well. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
