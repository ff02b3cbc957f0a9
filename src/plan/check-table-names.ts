import type { CheckInput, Finding } from './finding';
import { COLLECTION_EXPECTED, collectionProblem, NAME_EXPECTED, splitColumnRef, tableProblem } from './identifiers';
import { quoted, type PathPart } from './problem';
import type { PlanFile } from './schema/plan';

/** The schema lets pass what one of the engines takes; this is the word of the plan's own. */
export function checkTableNames({ plan }: CheckInput): readonly Finding[] {
  const mongo = plan.engine === 'mongodb';
  return tablesOf(plan).flatMap(({ at, table }): readonly Finding[] => {
    const found = mongo ? collectionProblem(table) : tableProblem(table);
    if (found === undefined) return [];
    return [
      {
        at,
        found: `${found}: ${quoted(table)}`,
        expected: mongo ? COLLECTION_EXPECTED : `a table of the application, users or public.users: ${NAME_EXPECTED}`,
        fix: mongo ? 'the name of a collection' : 'the name of a table',
      },
    ];
  });
}

interface Named {
  readonly at: readonly PathPart[];
  readonly table: string;
}

function tablesOf({ tenancy, log, backup, phases }: PlanFile): readonly Named[] {
  const { registry, membership, key } = tenancy;
  return [
    named(registry.table, 'tenancy', 'registry', 'table'),
    referred(key.references, 'tenancy', 'key', 'references'),
    ...(membership
      ? [
          named(membership.table, 'tenancy', 'membership', 'table'),
          referred(membership.from, 'tenancy', 'membership', 'from'),
        ]
      : []),
    ...(log ? [named(log.table, 'log', 'table')] : []),
    ...Object.entries(tenancy.tables).flatMap(([name, spec]) => ofTable(name, spec)),
    ...backup.exclude.map((table, i) => named(table, 'backup', 'exclude', i)),
    ...backup.exports.map(({ table }, i) => named(table, 'backup', 'exports', i, 'table')),
    ...phases.cutover.switch.flatMap(({ flag }, i) =>
      flag ? [named(flag.table, 'phases', 'cutover', 'switch', i, 'flag', 'table')] : [],
    ),
    ...phases.validate.flatMap(({ aggregate }, i) =>
      aggregate ? [named(aggregate.table, 'phases', 'validate', i, 'aggregate', 'table')] : [],
    ),
    ...phases.observe.probes.flatMap(({ aggregate }, i) =>
      aggregate ? [named(aggregate.table, 'phases', 'observe', 'probes', i, 'aggregate', 'table')] : [],
    ),
  ];
}

function ofTable(name: string, { rule }: PlanFile['tenancy']['tables'][string]): readonly Named[] {
  const at = ['tenancy', 'tables', name] as const;
  return [
    named(name, ...at),
    ...(rule?.mapping ? [named(rule.mapping.table, ...at, 'rule', 'mapping', 'table')] : []),
    ...(rule?.walk ? [referred(rule.walk.to, ...at, 'rule', 'walk', 'to')] : []),
  ];
}

function named(table: string, ...at: readonly PathPart[]): Named {
  return { at, table };
}

function referred(text: string, ...at: readonly PathPart[]): Named {
  return { at, table: splitColumnRef(text).table };
}
