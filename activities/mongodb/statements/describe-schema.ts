import type { Fill } from '../../../src/core/tenancy-args';
import type { StepArgs } from '../../../src/core/step';
import type { StepStatements } from '../../describe/step-description';
import { readCollectionFile } from '../collection-file';
import { duplicatesPipeline } from '../duplicates';
import { missingKey } from '../missing';
import { collMod, refuseAll, requiredKey } from '../validator';
import { createIndexes, wantedIndex } from './index-build';
import { upsertTenant } from './registry';
import {
  archiving,
  catalogOnly,
  collectionText,
  NOBODY_WAITS,
  onDocuments,
  reads,
  runCommand,
  shellText,
} from './shell';
import { create, createIndexesOf, drop } from './table';

export function tableStatements(args: StepArgs['table']): StepStatements {
  const file = readCollectionFile(args.create, args.file);
  const indexes =
    file.indexes.length === 0
      ? []
      : [{ sql: runCommand(createIndexesOf(args.table, file.indexes)), lock: NOBODY_WAITS }];
  return {
    forward: [{ sql: runCommand(create(args.table, file)), lock: NOBODY_WAITS }, ...indexes],
    back: [
      { sql: runCommand(collMod(args.table, refuseAll)), lock: catalogOnly(args.table) },
      ...archiving(args.table, '{}'),
      { sql: runCommand(drop(args.table)), lock: catalogOnly(args.table) },
    ],
  };
}

export function registryStatements(args: StepArgs['registry']): StepStatements {
  const document = { [args.id]: `<${args.id}>`, ...filledText(args.fill), ...args.values };
  return {
    forward: [{ sql: runCommand(upsertTenant(args, document)), lock: onDocuments(args.table) }],
    back: [
      ...archiving(args.table, '{ _id: <the document of this run> }'),
      {
        sql: `${collectionText(args.table)}.deleteMany({ _id: <the document of this run> })`,
        lock: onDocuments(args.table),
      },
    ],
  };
}

/** What a run draws, by its kind. */
function filledText(fill: Fill | undefined): Readonly<Record<string, string | null>> {
  const entries = Object.entries(fill ?? {});
  return Object.fromEntries(entries.map(([field, what]) => [field, what === 'null' ? null : `<${what}>`]));
}

export function memberStatements(args: StepArgs['members']): StepStatements {
  const role = args.roles === undefined ? args.role : `<${args.role}, or by ${args.roles.column} of the user>`;
  const filter = { [args.user]: `<${args.from.column} of the user>`, [args.tenant]: '<tenant of the user>' };
  const update = {
    $setOnInsert: { _id: '<new, kept first>', ...filledText(args.fill), ...args.values, [args.roleColumn]: role },
  };
  return {
    forward: [
      {
        sql: `${collectionText(args.table)}.updateOne(${shellText(filter)}, ${shellText(update)}, { upsert: true })`,
        lock: `${onDocuments(args.table)}; 500 in one message`,
      },
    ],
    back: [
      ...archiving(args.table, '{ _id: { $in: <those of this run> } }'),
      {
        sql: `${collectionText(args.table)}.deleteMany({ _id: { $in: <those of this run> } })`,
        lock: onDocuments(args.table),
      },
    ],
  };
}

export function indexStatements(args: StepArgs['index']): StepStatements {
  const fields = Object.keys(wantedIndex(args).key);
  const duplicates = {
    sql: `${collectionText(args.table)}.aggregate(${shellText(duplicatesPipeline(fields))})`,
    lock: reads(args.table),
  };
  return {
    forward: [
      ...(args.unique === true ? [duplicates] : []),
      {
        sql: runCommand(createIndexes(args)),
        lock: `mongod: exclusive on ${args.table} for a moment at begin and end, writes go on between; other servers may hold writes for all of the build`,
      },
    ],
    back: [{ sql: runCommand({ dropIndexes: args.table, index: args.name }), lock: catalogOnly(args.table) }],
  };
}

export function requiredStatements({ table, column }: StepArgs['required']): StepStatements {
  const asked = { validator: requiredKey(column), validationLevel: 'moderate', validationAction: 'warn' } as const;
  const before = `db.runCommand({ collMod: ${JSON.stringify(table)}, validator: <before>, validationLevel: <before>, validationAction: <before> })`;
  return {
    forward: [{ sql: runCommand(collMod(table, asked)), lock: catalogOnly(table) }],
    back: [{ sql: before, lock: catalogOnly(table) }],
  };
}

export function retireStatements({ tables, drops }: StepArgs['retire']): StepStatements {
  const strict = tables.flatMap(({ table, column }) => [
    { sql: `${collectionText(table)}.countDocuments(${shellText(missingKey(column))})`, lock: reads(table) },
    {
      sql: runCommand(
        collMod(table, { validator: requiredKey(column), validationLevel: 'strict', validationAction: 'error' }),
      ),
      lock: catalogOnly(table),
    },
  ]);
  const dropped = (drops ?? []).map(({ table, name }) => ({
    sql: runCommand({ dropIndexes: table, index: name }),
    lock: catalogOnly(table),
  }));
  return { forward: [...strict, ...dropped], back: [] };
}
