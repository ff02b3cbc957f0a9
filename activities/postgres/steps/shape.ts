import { done, evidenceOf, expectEqual, type Check } from '../../../src/core/evidence';
import type { TableShape } from '../../../src/core/step';
import { findColumn, findConstraint, findIndex, findTrigger, typeName } from '../catalog';
import type { PgSession, PgStepHandler } from '../context';
import { split } from '../identifiers';
import { keyNames } from '../names';

/** The catalog as the cutover needs it. */
export const shapeStep: PgStepHandler<'shape'> = {
  do: async (context) => {
    const checks = await context.read(async (session) => {
      const found: Check[] = [];
      for (const table of context.args.tables) found.push(...(await checksOf(session, table)));
      return found;
    });
    const summary = `${context.args.tables.length} tables: columns, constraints, indexes and triggers are as planned`;
    return context.commit(async () =>
      evidenceOf(checks.every((c) => c.verdict === 'pass') ? summary : 'The catalog is not as planned', checks),
    );
  },
  undo: async (context) => context.commit(async () => done('Reading the catalog changed nothing')),
};

async function checksOf(session: PgSession, shape: TableShape): Promise<readonly Check[]> {
  const { table } = shape;
  const column = await findColumn(session, table, shape.column);
  const foreign = await findConstraint(session, table, shape.foreignKey);
  const required = await findConstraint(session, table, shape.required);
  const trigger = await findTrigger(session, table, keyNames(table, shape.column).stamp.trigger);
  const indexes: Check[] = [];
  for (const name of shape.indexes) {
    const index = await findIndex(session, `${split(table).schema}.${name}`);
    indexes.push(
      expectEqual(
        `${table}: index ${name}`,
        'valid',
        index ? (index.valid && index.ready ? 'valid' : 'INVALID') : 'missing',
      ),
    );
  }
  return [
    expectEqual(
      `${table}.${shape.column}: type`,
      await typeName(session, shape.type),
      column ? await typeName(session, column.type) : 'missing',
    ),
    expectEqual(
      `${table}: foreign key ${shape.foreignKey}`,
      'validated',
      foreign ? (foreign.validated ? 'validated' : 'NOT VALID') : 'missing',
    ),
    ...(shape.required === ''
      ? []
      : [
          expectEqual(
            `${table}: ${shape.column} required`,
            'proved',
            column?.notNull || required?.validated ? 'proved' : required ? 'NOT VALID' : 'missing',
          ),
        ]),
    expectEqual(
      `${table}: stamping trigger`,
      'enabled always',
      trigger ? (trigger.enabled === 'A' ? 'enabled always' : `state ${trigger.enabled}`) : 'missing',
    ),
    ...indexes,
  ];
}
