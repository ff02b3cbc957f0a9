import type { Db } from 'mongodb';

export interface CollectionSize {
  readonly name: string;
  readonly documents: number;
  /** Data and indexes, as the server tells. */
  readonly bytes: number;
}

/** By the server's own statistics; collections that are not there are left out. */
export async function collectionSizes(db: Db, tables: readonly string[]): Promise<readonly CollectionSize[]> {
  const there = await db
    .listCollections({ name: { $in: [...tables] }, type: 'collection' }, { nameOnly: true })
    .toArray();
  const sizes = await Promise.all(
    there.map(async ({ name }) => {
      const [stats] = await db
        .collection(name)
        .aggregate<{ readonly storageStats?: Statistics }>([{ $collStats: { storageStats: {} } }], {
          readConcern: LOCAL,
        })
        .toArray();
      const { count = 0, size = 0, totalIndexSize = 0 } = stats?.storageStats ?? {};
      return { name, documents: Number(count), bytes: Number(size) + Number(totalIndexSize) };
    }),
  );
  return [...sizes].sort((a, b) => b.bytes - a.bytes);
}

/** Counts and sizes by the statistics. */
export async function collectionFigures(db: Db, tables: readonly string[]): Promise<Record<string, string>> {
  const sizes = await collectionSizes(db, tables);
  const total = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
  const biggest = sizes.slice(0, 10).map((s) => `${s.name} ~${s.documents} documents, ${megabytes(s.bytes)}`);
  return {
    collections: biggest.join('; ') + (sizes.length > 10 ? `; and ${sizes.length - 10} smaller ones` : ''),
    size: `${megabytes(total)} with indexes`,
  };
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

interface Statistics {
  readonly count?: number;
  readonly size?: number;
  readonly totalIndexSize?: number;
}

const LOCAL = { level: 'local' } as const;
