import { join } from 'node:path';
import { describeError } from '../../src/core/failure';
import { fileDigest, type FileDigest } from './files';

export interface ExpectedFile extends FileDigest {
  /** Relative to the backup's folder. */
  readonly file: string;
}

/** What is wrong with the files of a backup; nothing = each is as it was written. Reads all of them. */
export async function damageOfFiles(
  folder: string,
  files: readonly ExpectedFile[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const damage: string[] = [];
  for (const expected of files) {
    const found = await fileDigest(join(folder, expected.file), signal).catch((error: unknown) => describeError(error));
    if (typeof found === 'string') damage.push(`${expected.file} cannot be read (${found})`);
    else if (found.bytes !== expected.bytes)
      damage.push(`${expected.file} has ${found.bytes} bytes instead of ${expected.bytes}`);
    else if (found.sha256 !== expected.sha256)
      damage.push(`${expected.file} has another sha256 than when it was written`);
  }
  return damage;
}
