import type { RefuseFreeze } from '../../../src/core/freeze-args';
import type { Rule } from '../../../src/core/tenancy-args';
import type { StepArgs } from '../../../src/core/step';
import type { StepStatements } from '../../describe/step-description';
import { missingKey } from '../missing';
import { collMod, requiredKey } from '../validator';
import { catalogOnly, collectionText, onDocuments, reads, runCommand, shellText } from './shell';

export function stampStatements(args: StepArgs['stamp']): StepStatements {
  const { table, column, rule } = args;
  const on = collectionText(table);
  const window = `_id: { $gte: <first of the window>, $lte: <last> }`;
  return {
    forward: [
      { sql: `${on}.find({}, { _id: 1 }).sort({ _id: 1 })`, lock: reads(table) },
      {
        sql: `${on}.updateMany({ ${window}, ${column}: { $exists: false } }, { $set: { ${column}: ${tenantText(rule)} } })`,
        lock: onDocuments(table),
      },
      { sql: `${on}.find(${shellText(missingKey(column))})`, lock: reads(table) },
    ],
    back: [
      {
        sql: `${on}.find({ ${column}: <another than the rule gives> }) /* id and key into the archive, then compared */`,
        lock: reads(table),
      },
      {
        sql: `${on}.updateMany({ ${window}, ${column}: <stamped by this run> }, { $unset: { ${column}: "" } })`,
        lock: onDocuments(table),
      },
    ],
  };
}

export function tenantText(rule: Rule): string {
  if (rule.kind === 'constant') return `\${steps.${rule.tenant.step}.${rule.tenant.name}}`;
  const { otherwise } = rule;
  const rest =
    otherwise === undefined
      ? 'refused where there is none'
      : `\${steps.${otherwise.step}.${otherwise.name}} where there is none`;
  if (rule.kind === 'mapping') return `<${rule.in.to} of ${rule.in.table} by ${rule.by} = ${rule.in.from}; ${rest}>`;
  return `<${rule.to.key} of ${rule.to.table} by ${rule.by} = ${rule.to.column}; ${rest}>`;
}

export function aggregateStatements({ table, pipeline }: StepArgs['aggregate']): StepStatements {
  return {
    forward: [{ sql: `${collectionText(table)}.aggregate(${shellText(pipeline)})`, lock: reads(table) }],
    back: [],
  };
}

export function recountStatements({ tables }: StepArgs['recount']): StepStatements {
  return {
    forward: tables.map(({ table, column }) => ({
      sql: `${collectionText(table)}.aggregate(${shellText([{ $group: { _id: `$${column}`, rows: { $sum: 1 } } }])})`,
      lock: reads(table),
    })),
    back: [],
  };
}

export function shapeStatements({ tables }: StepArgs['shape']): StepStatements {
  return {
    forward: tables.flatMap(({ table }) => [
      { sql: runCommand({ listCollections: 1, filter: { name: table } }), lock: reads(table) },
      { sql: `${collectionText(table)}.getIndexes()`, lock: reads(table) },
    ]),
    back: [],
  };
}

export function profilingStatements(args: StepArgs['profiling']): StepStatements {
  if ('restore' in args)
    return {
      forward: [
        {
          sql: 'db.runCommand({ profile: <before>, slowms: <before> })',
          lock: 'none: the server records more or less',
        },
      ],
      back: [],
    };
  return {
    forward: [{ sql: runCommand({ profile: 1, slowms: args.slowMs }), lock: 'none: the server records more or less' }],
    back: [
      { sql: 'db.runCommand({ profile: <before>, slowms: <before> })', lock: 'none: the server records more or less' },
    ],
  };
}

/** Inside the fence: the last sweep, then the validators refuse. The switch itself is programs and files: see the notes. */
export function freezeStatements(args: RefuseFreeze): StepStatements {
  return {
    forward: args.tables.flatMap(({ table, column, rule }) => [
      {
        sql: `${collectionText(table)}.updateMany(${shellText(missingKey(column))}, { $set: { ${column}: ${tenantText(rule)} } })`,
        lock: `${onDocuments(table)}; the application's writes are refused meanwhile`,
      },
      {
        sql: runCommand(
          collMod(table, { validator: requiredKey(column), validationLevel: 'moderate', validationAction: 'error' }),
        ),
        lock: catalogOnly(table),
      },
    ]),
    back: args.tables.map(({ table }) => ({
      sql: `db.runCommand({ collMod: ${JSON.stringify(table)}, validator: <before>, validationLevel: <before>, validationAction: <before> })`,
      lock: catalogOnly(table),
    })),
  };
}
