import type { Db } from 'mongodb';
import { done, evidenceOf, expectEqual, type Check } from '../../../src/core/evidence';
import type { TableShape } from '../../../src/core/step';
import type { MongoStepHandler } from '../context';
import { listIndexes } from '../index-definition';
import { isEnforced } from '../required-validation';
import { collectionOptions, holdsRequiredKey, refuseAll, sameValidation, type CollectionOptions } from '../validator';

/** The catalog as the cutover needs it. */
export const shapeStep: MongoStepHandler<'shape'> = {
  do: async (context) => {
    const { tables } = context.args;
    const checks = await context.read(async (db) => {
      const found: Check[] = [];
      for (const table of tables) found.push(...(await checksOf(db, table)));
      return found;
    });
    const summary = `${tables.length} collections: validators and indexes are as planned`;
    return context.commit(async () =>
      evidenceOf(checks.every((c) => c.verdict === 'pass') ? summary : 'The catalog is not as planned', checks),
    );
  },
  undo: async (context) => context.commit(async () => done('Reading the catalog changed nothing')),
};

async function checksOf(db: Db, shape: TableShape): Promise<readonly Check[]> {
  const { table } = shape;
  const options = await collectionOptions(db, table);
  const kind = expectEqual(table, 'collection', options?.type ?? 'missing');
  if (options?.type !== 'collection') return [kind];
  const indexes = await listIndexes(db, table);
  return [
    kind,
    ...(shape.required === '' ? [] : [validatorCheck(shape, options)]),
    ...shape.indexes.map((name) => {
      const index = indexes.find((i) => i.name === name);
      const state = index === undefined ? 'missing' : index.building ? 'under way' : 'whole';
      return expectEqual(`${table}: index ${name}`, 'whole', state);
    }),
  ];
}

/** Either it asks for the key, or it waits for the switch behind a validator of the application that refuses already. */
function validatorCheck({ table, column }: TableShape, options: CollectionOptions): Check {
  const how = `${options.validationLevel ?? 'strict'}, ${options.validationAction ?? 'error'}`;
  const name = `${table}: validator`;
  if (sameValidation(options, refuseAll))
    return {
      name,
      verdict: 'fail',
      expected: `asks for ${column}`,
      observed: 'refuses every write: a fence still stands',
    };
  if (holdsRequiredKey(options.validator, column))
    return { name, verdict: 'pass', expected: `asks for ${column}`, observed: `asks for ${column} (${how})` };
  const waits = isEnforced(options);
  return {
    name,
    verdict: waits ? 'pass' : 'fail',
    expected: `asks for ${column}, or waits for the switch`,
    observed: waits ? `the application's own (${how}); the switch adds ${column}` : `asks for nothing (${how})`,
  };
}
