import { z } from 'zod';
import { damageOfFiles, type ExpectedFile } from '../../backup/damage';
import { readStored, type Stored } from '../../backup/stored';

const file = z.strictObject({ file: z.string(), sha256: z.string(), bytes: z.number() });
const digest = z.strictObject({ documents: z.number(), digest: z.string(), bytes: z.number() });

/** manifest.json of a backup: what must come back. */
const SCHEMA = z.strictObject({
  version: z.literal(1),
  tool: z.string(),
  run: z.string(),
  step: z.string(),
  createdAt: z.string(),
  database: z.string(),
  server: z.strictObject({ product: z.string(), version: z.string(), fingerprint: z.string() }),
  /**
   * `snapshot`: one read of one instant. `replay`: read over a while, brought to one instant by the changes of that
   * while. Either way the documents are those of `clusterTime`.
   */
  consistency: z.strictObject({
    how: z.enum(['snapshot', 'replay']),
    clusterTime: z.string(),
    words: z.string(),
    changes: z.number(),
    documentsChanged: z.number(),
    rounds: z.number(),
  }),
  /** The moment that a restore goes back to, by the server's clock. */
  takenAt: z.string(),
  compression: z.enum(['zstd', 'gzip']),
  /** The commands with which stock mongorestore reads this folder. */
  restoreWith: z.string(),
  /** Collections of the plan's `exclude`. */
  excluded: z.array(z.string()),
  collections: z.record(
    z.string(),
    z.strictObject({
      type: z.enum(['collection', 'view']),
      /** What was done about one that is not plain. */
      note: z.string().optional(),
      metadata: file,
      /** Absent for views. */
      data: file.extend({ content: digest }).optional(),
      indexes: z.array(z.string()),
      options: z.string(),
    }),
  ),
  /** Users and roles without credentials. */
  users: file.extend({ scope: z.string() }),
});

export type Manifest = z.infer<typeof SCHEMA>;

export type StoredManifest = Stored<Manifest>;

/** @throws Refused when there is none or it is not one of ours. */
export function readManifest(folder: string): Promise<StoredManifest> {
  return readStored(SCHEMA, folder);
}

/** What is wrong with the files of a backup; nothing = each has the sha256 that the manifest says. Reads all of them. */
export function damageOf(folder: string, manifest: Manifest, signal: AbortSignal): Promise<readonly string[]> {
  return damageOfFiles(folder, filesOf(manifest), signal);
}

export function filesOf(manifest: Manifest): readonly ExpectedFile[] {
  const collections = Object.values(manifest.collections);
  return [...collections.flatMap(({ metadata, data }) => (data ? [metadata, data] : [metadata])), manifest.users];
}

export interface Totals {
  readonly collections: number;
  readonly views: number;
  readonly documents: number;
  /** Of BSON. */
  readonly bytes: number;
  /** As they lie on disk. */
  readonly storedBytes: number;
}

export function totalsOf(manifest: Manifest): Totals {
  const all = Object.values(manifest.collections);
  const data = all.flatMap((entry) => (entry.data ? [entry.data] : []));
  return {
    collections: data.length,
    views: all.length - data.length,
    documents: data.reduce((sum, { content }) => sum + content.documents, 0),
    bytes: data.reduce((sum, { content }) => sum + content.bytes, 0),
    storedBytes: filesOf(manifest).reduce((sum, { bytes }) => sum + bytes, 0),
  };
}
