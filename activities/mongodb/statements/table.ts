import type { CollectionFile } from '../collection-file';
import type { IndexDefinition } from '../index-definition';

type Command = Readonly<Record<string, unknown>>;

export function create(table: string, { options }: CollectionFile): Command {
  return { create: table, ...options };
}

export function createIndexesOf(table: string, indexes: readonly IndexDefinition[]): Command {
  return {
    createIndexes: table,
    indexes: indexes.map(({ name, key, unique, further }) => ({
      name,
      key,
      ...(unique ? { unique } : {}),
      ...further,
    })),
  };
}

export function drop(table: string): Command {
  return { drop: table };
}
