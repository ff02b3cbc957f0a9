import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { writeOnce, type FileDigest } from '../../backup/files';
import type { MongoTarget } from '../../resources';
import type { MongoContext } from '../context';
import type { MongoLink } from '../session';
import type { ClusterTime } from './cluster-time';
import { fileStem, type CollectionInfo } from './collections';
import { suffixOf, type Compression } from './compression';
import type { Dumped } from './dump-collection';
import type { Manifest } from './manifest';

export interface TakeOptions {
  readonly target: MongoTarget;
  /** A folder of this attempt alone; files in it are written once. */
  readonly folder: string;
  /** Names of collections. */
  readonly exclude: readonly string[];
  /** How much of what changes meanwhile is held in memory, at most; bytes. */
  readonly maxChangedBytes?: number;
}

/** One backup being taken. */
export interface Work {
  readonly context: MongoContext;
  readonly options: TakeOptions;
  readonly link: MongoLink;
  readonly infos: readonly CollectionInfo[];
  readonly compression: Compression;
  /** The one that mongorestore takes for the database. */
  readonly folder: string;
}

/** The documents of one instant, in their files. */
export interface Taken {
  readonly at: ClusterTime;
  readonly infos: readonly CollectionInfo[];
  readonly dumped: ReadonlyMap<string, Dumped>;
  readonly consistency: Manifest['consistency'];
}

/** Where the documents of a collection lie. */
export function dataPath({ folder, compression }: Work, collection: string): string {
  return join(folder, `${fileStem(collection)}.bson${suffixOf(compression.kind)}`);
}

/** As the manifest names a file. */
export function relative({ options }: Work, path: string): string {
  return path.slice(options.folder.length + 1);
}

export async function writeText(path: string, text: string): Promise<FileDigest> {
  const data = Buffer.from(text);
  await writeOnce(path, (file) => file.writeFile(data));
  return { sha256: createHash('sha256').update(data).digest('hex'), bytes: data.length };
}
