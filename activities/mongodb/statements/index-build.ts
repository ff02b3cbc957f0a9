import type { StepArgs } from '../../../src/core/step';
import { keyOf, type IndexDefinition } from '../index-definition';

type Args = StepArgs['index'];

/** `like`: the definition of the index that this one is to equal but for its key and name. */
export function wantedIndex({ name, columns, unique }: Args, like?: IndexDefinition): IndexDefinition {
  return { name, key: keyOf(columns), unique: unique === true, further: like?.further ?? {} };
}

/** The command as it is sent. */
export function createIndexes(args: Args, like?: IndexDefinition): Readonly<Record<string, unknown>> {
  const { name, key, unique, further } = wantedIndex(args, like);
  return { createIndexes: args.table, indexes: [{ name, key, ...(unique ? { unique } : {}), ...further }] };
}
