import type { CheckInput, Finding } from './finding';
import { bareTable, indexedColumn, parseColumnRef, qualified, shortTable } from './identifiers';
import { collectionFiles } from './check-collections';
import { quoted, type PathPart } from './problem';
import type { PlanFile } from './schema/plan';
import { scanSql } from './sql/scan';

/** What the tenancy block says about its own tables and columns. */
export function checkTenancy(input: CheckInput): readonly Finding[] {
  return [
    ...references(input.plan),
    ...redo(input.plan),
    ...tenant(input),
    ...tables(input.plan),
    ...(input.plan.engine === 'mongodb' ? collectionFiles(input) : membershipTable(input)),
  ];
}

function references({ tenancy, engine }: PlanFile): readonly Finding[] {
  const findings: Finding[] = [];
  const key = parseColumnRef(tenancy.key.references);
  if (key && key.table !== qualified(tenancy.registry.table)) {
    findings.push({
      at: ['tenancy', 'key', 'references'],
      found: `the table ${shortTable(key.table)}`,
      expected: `the registry, ${shortTable(qualified(tenancy.registry.table))}: the key says whose a row is`,
      fix: `${tenancy.registry.table}.${key.column}`,
    });
  }
  const from = tenancy.membership && parseColumnRef(tenancy.membership.from);
  if (engine === 'postgres' && from && !Object.keys(tenancy.tables).some((t) => qualified(t) === from.table)) {
    findings.push({
      at: ['tenancy', 'membership', 'from'],
      found: `the table ${shortTable(from.table)}, which gets no ${tenancy.key.column}`,
      expected: 'one of tenancy.tables: a user becomes a member of the tenant that the key names',
      fix: `add ${shortTable(from.table)}: {} to tenancy.tables`,
    });
  }
  if (Object.keys(tenancy.tables).length === 0) {
    findings.push({
      at: ['tenancy', 'tables'],
      found: 'no table',
      expected: 'every table of the application that holds data of tenants',
      fix: 'for example users: {}',
    });
  }
  return findings;
}

/** Tables and tenants of another plan are others, even where they have the same names. */
function redo({ name, tenancy }: PlanFile): readonly Finding[] {
  if (['none', 'latest'].includes(tenancy.redo) || tenancy.redo.startsWith(`${name}.`)) return [];
  return [
    {
      at: ['tenancy', 'redo'],
      found: `a run of another plan, ${quoted(tenancy.redo)}`,
      expected: `a run of this plan: its id begins with ${name}.`,
      fix: 'latest, or an id of `cutover report`',
    },
  ];
}

/** Words that other YAML readers take for booleans, and identities that would lead paths, URLs and eyes astray. */
function tenant({ plan, source }: CheckInput): readonly Finding[] {
  const { registry, key } = plan.tenancy;
  const at = (column: string): readonly PathPart[] => ['tenancy', 'registry', 'default', column];
  const findings: Finding[] = Object.keys(registry.default).flatMap((column) => {
    const written = source.sourceOf(at(column));
    if (!written || written.quoted || !AMBIGUOUS.test(written.text)) return [];
    const found = `${written.text} without quotes, which YAML 1.1 programs read as a boolean, a date or a number of base 60`;
    return [
      {
        at: at(column),
        found,
        expected: 'text that every reader takes for text',
        fix: `${quoted(written.text)} in quotes`,
      },
    ];
  });
  const identity = registry.default[registry.identify];
  if (identity === undefined) {
    const fix = `${registry.identify}: <its value> under default, or identify: <one of ${Object.keys(registry.default).join(', ')}>`;
    findings.push({
      at: ['tenancy', 'registry', 'default'],
      found: `no value for ${registry.identify}`,
      expected: 'the column by which the default tenant is found again',
      fix,
    });
  } else if (!/^[A-Za-z0-9](?!.*\.\.)[A-Za-z0-9 ._-]{0,199}$/.test(identity)) {
    findings.push({
      at: at(registry.identify),
      found: quoted(identity),
      expected:
        'an identity of ASCII letters, digits, blanks, dots, - and _: it becomes part of URLs and reports, where é, ı or a quote read as something else',
      fix: 'for example default-org',
    });
  }
  if (plan.engine === 'postgres' && registry.default[parseColumnRef(key.references)?.column ?? ''] !== undefined) {
    findings.push({
      at: ['tenancy', 'registry', 'default'],
      found: `a value for the primary key ${key.references}`,
      expected: "the table's own default for it: the run captures what it drew",
      fix: 'take it out',
    });
  }
  return findings;
}

const AMBIGUOUS =
  /^(y|yes|n|no|on|off|true|false|null|~|[-+]?\d[\d_]*(:[0-5]?\d)+|\d{4}-\d\d?-\d\d?.*|[-+]?[\d_]+(\.\d*)?|0[box][\da-f_]+)$/i;

function tables({ tenancy }: PlanFile): readonly Finding[] {
  return Object.entries(tenancy.tables).flatMap(([name, spec]) => {
    const at: readonly PathPart[] = ['tenancy', 'tables', name];
    const lists = [
      ...(spec.index ? [{ at: [...at, 'index'], columns: spec.index }] : []),
      ...Object.entries(spec.indexes ?? {}).map(([n, columns]) => ({ at: [...at, 'indexes', n], columns })),
    ];
    return lists.flatMap(({ at: where, columns }): readonly Finding[] => {
      const names = columns.map((c) => indexedColumn(c) ?? c);
      const again = names.find((c, i) => names.indexOf(c) < i);
      if (again === undefined) return [];
      return [
        {
          at: where,
          found: `the column ${again} twice in one index`,
          expected: 'every column once',
          fix: 'take one of the two out',
        },
      ];
    });
  });
}

/** Trap T3.4: without these two a user becomes a member twice, or nobody's. */
function membershipTable({ plan, artifacts }: CheckInput): readonly Finding[] {
  const spec = plan.tenancy.membership;
  const file = artifacts.find((a) => a.file === spec?.create);
  if (!spec || !file) return [];
  const code = scanSql(file.text)
    .statements.map((s) => s.code.replaceAll('"', ''))
    .join(';');
  const from = parseColumnRef(spec.from);
  const pair = [`${spec.user}\\s*,\\s*${spec.tenant}`, `${spec.tenant}\\s*,\\s*${spec.user}`]
    .map(escapeDollar)
    .join('|');
  const at: readonly PathPart[] = ['tenancy', 'membership', 'create'];
  const findings: Finding[] = [];
  if (!new RegExp(`\\b(unique|primary\\s+key)\\s*\\(\\s*(${pair})\\s*\\)`, 'iu').test(code)) {
    findings.push({
      at,
      detail: spec.create,
      found: `no UNIQUE over ${spec.user} and ${spec.tenant}`,
      expected: 'a table in which a user is a member of a tenant once, however often a step runs',
      fix: `UNIQUE (${spec.user}, ${spec.tenant}) in its CREATE TABLE`,
    });
  }
  const users = from ? escapeDollar(bareTable(from.table)) : '';
  if (!new RegExp(`\\breferences\\s+(\\S+\\s*\\.\\s*)?${users}\\b`, 'iu').test(code)) {
    findings.push({
      at,
      detail: spec.create,
      found: `no foreign key on ${spec.from}`,
      expected: 'memberships of users that exist',
      fix: `${spec.user} ... REFERENCES ${from ? shortTable(from.table) : spec.from} in its CREATE TABLE`,
    });
  }
  return findings;
}

function escapeDollar(text: string): string {
  return text.replaceAll('$', '\\$');
}
