import type { CheckInput, Finding } from './finding';
import { parseColumnRef, qualified, shortTable } from './identifiers';
import type { PathPart } from './problem';
import type { PlanFile } from './schema/plan';

type TableRule = NonNullable<PlanFile['tenancy']['tables'][string]['rule']>;

/** Rules that say one thing, lead to a table that has its tenants already, and never in a circle. */
export function checkRules({ plan }: CheckInput): readonly Finding[] {
  return Object.entries(plan.tenancy.tables).flatMap(([name, { rule }]) =>
    rule
      ? [...oneKind(name, rule), ...leadsTo(plan, name, rule), ...circle(plan, name, rule), ...redo(plan, name)]
      : [],
  );
}

function oneKind(name: string, { mapping, walk }: TableRule): readonly Finding[] {
  if ((mapping === undefined) !== (walk === undefined)) return [];
  return [
    {
      at: place(name),
      found: mapping ? 'mapping and walk in one rule' : 'none of mapping, walk',
      expected: 'exactly one of mapping, walk',
      fix: mapping ? 'keep one of them' : "take rule out: without one every row becomes the default tenant's",
    },
  ];
}

function leadsTo({ tenancy }: PlanFile, name: string, { walk }: TableRule): readonly Finding[] {
  const to = walk && parseColumnRef(walk.to);
  if (!to || Object.keys(tenancy.tables).some((t) => qualified(t) === to.table)) return [];
  return [
    {
      at: place(name, 'walk', 'to'),
      found: `the table ${shortTable(to.table)}, which gets no ${tenancy.key.column}`,
      expected: 'one of tenancy.tables: a row has the tenant of the row that it refers to',
      fix: `add ${shortTable(to.table)}: {} to tenancy.tables`,
    },
  ];
}

function circle({ tenancy }: PlanFile, name: string, { walk }: TableRule): readonly Finding[] {
  const path = circleFrom(tenancy, name);
  if (!path) return [];
  return [
    {
      at: walk ? place(name, 'walk', 'to') : place(name, 'mapping', 'table'),
      found: `a circle: ${path.map((t) => shortTable(t)).join(', then ')}`,
      expected: 'rules that end at a table whose rows get their tenant in another way',
      fix: 'a mapping for one of these tables',
    },
  ];
}

/** The tables from this one back to itself, by whatever rule takes the tenant of another row. */
function circleFrom(tenancy: PlanFile['tenancy'], name: string): readonly string[] | undefined {
  const next = new Map(
    Object.entries(tenancy.tables).flatMap(([table, { rule }]) => {
      const to = rule && keyedBy(rule, tenancy.key.column);
      return to === undefined ? [] : [[qualified(table), to] as const];
    }),
  );
  const start = qualified(name);
  const path = [start];
  for (let at = next.get(start); at !== undefined && !path.slice(1).includes(at); at = next.get(at)) {
    path.push(at);
    if (at === start) return path;
  }
  return undefined;
}

function keyedBy({ mapping, walk }: TableRule, key: string): string | undefined {
  if (walk) return parseColumnRef(walk.to)?.table;
  return mapping?.to === key ? qualified(mapping.table) : undefined;
}

/** What a redo puts back deviates from the one tenant of every row; beside a rule nobody could tell the two apart. */
function redo({ tenancy, engine }: PlanFile, name: string): readonly Finding[] {
  if (engine !== 'postgres' || tenancy.redo === 'none') return [];
  return [
    {
      at: place(name),
      found: `a rule beside redo: ${tenancy.redo}`,
      expected: 'one of the two: in this version an archive is put back only where every row had the default tenant',
      fix: 'redo: none, and the rule again',
    },
  ];
}

function place(name: string, ...rest: readonly string[]): readonly PathPart[] {
  return ['tenancy', 'tables', name, 'rule', ...rest];
}
