import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { canonical } from '../../../src/core/json';
import type { LedgerRow } from '../../../src/core/ledger-row';
import type { LostCollection } from '../../../src/core/restore';
import { syncFolder, writeOnce } from '../../backup/files';
import { fileStem } from '../backup/collections';
import { chooseCompression, compressInto, suffixOf } from '../backup/compression';
import { piecesOf } from '../backup/documents';
import { idDocument, type LostTally } from '../backup/lost';
import type { TakeLost } from './list';

/** What a restore takes back, kept: a folder that is there under its name is whole. */
export interface Archive {
  readonly take: TakeLost;
  /** Gives the folder, with the ledger of the run as it was before the restore. */
  finish(rows: readonly LedgerRow[]): Promise<string>;
  discard(): Promise<void>;
}

/** Beside the backup: `<backup>.lost-<12 hex digits>/`, with `<collection>.bson` and `<collection>.deleted.bson`. */
export async function startArchive(
  path: string,
  expected: readonly LostCollection[],
  signal: AbortSignal,
): Promise<Archive> {
  await sweep(path);
  const folder = `${path}.${randomBytes(4).toString('hex')}.partial`;
  await mkdir(folder, { mode: 0o700 });
  const compression = await chooseCompression();
  const write = async (name: string, documents: AsyncIterable<Buffer>): Promise<void> => {
    const file = join(folder, `${name}${suffixOf(compression.kind)}`);
    await writeOnce(file, async (handle) => {
      await compressInto(handle, piecesOf(documents), compression, signal);
    });
  };
  return {
    take: async (collection, documents, tally) => {
      const known = expected.find((c) => c.collection === collection);
      // What the list does not name makes another list, which is refused: no file for it.
      if (known && known.inserted + known.changed + known.stamped > 0)
        await write(`${fileStem(collection)}.bson`, documents);
      else for await (const document of documents) void document;
      if (tally.deleted.length > 0) await write(`${fileStem(collection)}.deleted.bson`, idsOf(tally));
    },
    finish: async (rows) => {
      await writeOnce(join(folder, 'ledger.json'), (file) => writeFile(file, canonical(rows)));
      await syncFolder(folder);
      await rm(path, { recursive: true, force: true });
      await rename(folder, path);
      await syncFolder(dirname(path));
      return path;
    },
    discard: () => rm(folder, { recursive: true, force: true }),
  };
}

async function* idsOf({ deleted }: LostTally): AsyncGenerator<Buffer> {
  for (const id of deleted) yield idDocument(id);
}

/** What attempts that died left behind. */
async function sweep(path: string): Promise<void> {
  const dir = dirname(path);
  const left = (await readdir(dir)).filter((e) => e.startsWith(`${basename(path)}.`) && e.endsWith('.partial'));
  for (const entry of left) await rm(join(dir, entry), { recursive: true, force: true });
}
