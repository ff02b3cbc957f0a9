import { join } from 'node:path';
import { writeOnce, type FileDigest } from '../../backup/files';
import { fileStem, indexLines, isCapped, metadataText, optionsText, type CollectionInfo } from './collections';
import { compressInto } from './compression';
import type { Manifest } from './manifest';
import { dataPath, relative, writeText, type Taken, type Work } from './taking';

/** Writes the metadata of every collection and view, and gives what the manifest says about each. */
export async function describeAll(work: Work, taken: Taken): Promise<Manifest['collections']> {
  const described: Manifest['collections'] = {};
  for (const info of taken.infos) {
    const name = `${fileStem(info.name)}.metadata.json`;
    const metadata = await writeMetadata(work, name, metadataText(info));
    const dumped = taken.dumped.get(info.name);
    const note = noteOn(info);
    described[info.name] = {
      type: info.type === 'view' ? 'view' : 'collection',
      ...(note === undefined ? {} : { note }),
      metadata,
      ...(dumped
        ? { data: { file: relative(work, dataPath(work, info.name)), ...dumped.file, content: dumped.content } }
        : {}),
      indexes: [...indexLines(info.indexes)],
      options: optionsText(info.options),
    };
  }
  return described;
}

function noteOn({ type, options }: CollectionInfo): string | undefined {
  if (type === 'view') return 'a view: its definition only, as mongodump does';
  if (isCapped(options))
    return 'capped: documents in the order in which they were read, those that changed during the dump last';
  return undefined;
}

/** mongorestore --gzip expects the metadata compressed as well. */
async function writeMetadata(
  work: Work,
  name: string,
  text: string,
): Promise<Manifest['collections'][string]['metadata']> {
  if (work.compression.kind === 'zstd') {
    return { file: relative(work, join(work.folder, name)), ...(await writeText(join(work.folder, name), text)) };
  }
  const path = join(work.folder, `${name}.gz`);
  let digest: FileDigest = { sha256: '', bytes: 0 };
  await writeOnce(path, async (file) => {
    digest = await compressInto(file, one(Buffer.from(text)), work.compression, work.context.signal);
  });
  return { file: relative(work, path), ...digest };
}

async function* one(data: Buffer): AsyncGenerator<Buffer> {
  yield data;
}
