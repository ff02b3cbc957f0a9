import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import { CutoverError, describeError } from '../../src/core/failure';
import { fileDigest } from './files';

export const MANIFEST_FILE = 'manifest.json';

/** A backup's manifest as it lies on disk. */
export interface Stored<M> {
  readonly manifest: M;
  /** Of the file's bytes. */
  readonly sha256: string;
}

/** @throws Refused when there is none or it is not one of ours. */
export async function readStored<M>(schema: z.ZodType<M>, folder: string): Promise<Stored<M>> {
  const path = join(folder, MANIFEST_FILE);
  try {
    const manifest = schema.parse(JSON.parse(await readFile(path, 'utf8')));
    return { manifest, sha256: (await fileDigest(path)).sha256 };
  } catch (cause) {
    throw new CutoverError(
      'Refused',
      `The manifest ${path} cannot be read (${describeError(cause).slice(0, 200)}): the backup counts for nothing; take another.`,
      { cause },
    );
  }
}
