import { z } from 'zod';
import { damageOfFiles } from '../../backup/damage';
import { readStored, type Stored } from '../../backup/stored';

const sequence = z.strictObject({ value: z.string(), called: z.boolean() });
const file = z.strictObject({ file: z.string(), sha256: z.string(), bytes: z.number() });

/** manifest.json of a backup: what must come back, all of one snapshot but the sequences. */
const SCHEMA = z.strictObject({
  version: z.literal(1),
  tool: z.string(),
  run: z.string(),
  step: z.string(),
  createdAt: z.string(),
  server: z.strictObject({ version: z.string(), major: z.number(), fingerprint: z.string() }),
  /** `takenAt`: the moment that a restore goes back to, by the server's clock; `lsn`: its place in the WAL. */
  snapshot: z.strictObject({ takenAt: z.string(), lsn: z.string() }),
  dump: file.extend({ compression: z.enum(['zstd', 'gzip']), program: z.string(), major: z.number() }),
  /** Roles without passwords, for servers that do not have them. */
  roles: file,
  excludedSchemas: z.array(z.string()),
  tables: z.record(
    z.string(),
    z.strictObject({
      rows: z.string(),
      digest: z.string(),
      columns: z.array(z.strictObject({ name: z.string(), as: z.enum(['value', 'text', 'exact-text']) })),
    }),
  ),
  sequences: z.record(z.string(), z.strictObject({ before: sequence, after: sequence })),
  owners: z.array(z.string()),
  /** Owners, and whoever is granted something. */
  rolesInUse: z.array(z.string()),
  inventory: z.record(z.string(), z.array(z.string())),
});

export type Manifest = z.infer<typeof SCHEMA>;

export type StoredManifest = Stored<Manifest>;

/** @throws Refused when there is none or it is not one of ours. */
export function readManifest(folder: string): Promise<StoredManifest> {
  return readStored(SCHEMA, folder);
}

/** What is wrong with the files of a backup; nothing = each has the sha256 that the manifest says. Reads all of them. */
export function damageOf(folder: string, manifest: Manifest, signal: AbortSignal): Promise<readonly string[]> {
  return damageOfFiles(folder, [manifest.dump, manifest.roles], signal);
}
