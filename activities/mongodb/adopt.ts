import type { TableNeeds } from '../../src/core/table-args';
import type { CollectionFile } from './collection-file';
import { definitionText, makesUnique, sameDefinition, type FoundIndex } from './index-definition';
import type { CollectionOptions } from './validator';

/**
 * What stands against taking a collection that somebody made before the plan: each with what would mend it. Indexes of
 * the file that keep nothing apart may be missing; they are built.
 */
export function adoptionProblems(
  there: { readonly options: CollectionOptions; readonly indexes: readonly FoundIndex[] },
  wanted: { readonly file: CollectionFile; readonly needs: TableNeeds },
): readonly string[] {
  const { type } = there.options;
  if (type !== 'collection') return [`it is a ${type}`];
  const capped = there.options.options['capped'] === true ? ['it is capped and loses documents by itself'] : [];
  return [...capped, ...indexProblems(there.indexes, wanted.file), ...uniqueProblems(there.indexes, wanted.needs)];
}

function indexProblems(there: readonly FoundIndex[], { indexes }: CollectionFile): readonly string[] {
  return indexes.flatMap((wanted) => {
    const named = there.find(({ name }) => name === wanted.name);
    if (named && !sameDefinition(named, wanted))
      return [`its index ${wanted.name} is ${definitionText(named)}, expected ${definitionText(wanted)}`];
    const other = there.some((found) => sameDefinition(found, wanted) && !found.building);
    return named || other || !wanted.unique ? [] : [`it has no index ${wanted.name} ${definitionText(wanted)}`];
  });
}

function uniqueProblems(there: readonly FoundIndex[], { unique }: TableNeeds): readonly string[] {
  return unique
    .filter((fields) => !there.some((index) => makesUnique(index, fields) && !index.building))
    .map((fields) => `nothing keeps (${fields.join(', ')}) unique`);
}
