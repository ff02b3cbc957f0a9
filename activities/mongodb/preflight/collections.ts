import type { Db } from 'mongodb';
import type { PreflightArgs } from '../../../src/core/preflight-args';
import { lookupOf } from '../../../src/core/tenancy-args';
import { check, type Findings } from '../../findings';
import { keyText, listIndexes, type FoundIndex } from '../index-definition';
import { isEnforced } from '../required-validation';
import { withoutKey, type Validation } from '../validator';

/**
 * The plan's collections against those that are there. Absent ones are named (T0.3); views, capped, time-series and
 * sharded ones are refused by name; so is every unique index that keeps one tenant's values from another's (T0.7).
 */
export async function collectionFindings(db: Db, args: PreflightArgs): Promise<Findings> {
  const there = await db.listCollections({}, { nameOnly: false }).toArray();
  const problems: string[] = [];
  const warnings: string[] = [];
  const absent: string[] = [];
  for (const table of args.tables) {
    const found = there.find((c) => c.name === table);
    if (!found) absent.push(table);
    else if (found.type === 'view') problems.push(`${table} is a view: take it out, its collection is stamped`);
    else if (found.type === 'timeseries')
      problems.push(`${table} is a time series: its documents cannot be updated; take it out and copy it outside`);
    else if ((found.options as { readonly capped?: boolean } | undefined)?.capped)
      problems.push(`${table} is capped: its documents cannot grow; take it out, or convert it first`);
    else if (await isSharded(db, table))
      problems.push(`${table} is sharded: this version changes unsharded collections only; take it out`);
  }
  problems.push(...leftOut(there, args), ...nowhere(there, args));
  if (absent.length > 0) warnings.push(`not there yet, made by their first write: ${absent.join(', ')}`);
  warnings.push(...onlyWarned(there, args));
  // A view has no indexes of its own, and the server takes the question for a mistake.
  const views = there.filter((c) => c.type === 'view').map((c) => c.name);
  const others = there.filter((c) => !args.tables.includes(c.name) && !c.name.startsWith('system.'));
  warnings.push(...setApart(others));
  return {
    checks: [
      check('collections', `${args.tables.length} collections that can be stamped`, problems),
      await uniqueCheck(db, { ...args, tables: args.tables.filter((table) => !views.includes(table)) }),
    ],
    warnings,
    figures: { collections: args.tables.length - absent.length, absent: absent.length },
  };
}

/** What would stop the backup, or be changed without one. */
function leftOut(
  there: readonly { readonly name: string; readonly type?: string }[],
  { tables, excluded = [] }: PreflightArgs,
): readonly string[] {
  const series = there.filter(({ name, type }) => type === 'timeseries' && !tables.includes(name));
  return [
    ...series
      .filter(({ name }) => !excluded.includes(name))
      .map(
        ({ name }) =>
          `${name} is a time series, which the backup cannot hold: dump it with mongodump and name it under backup.exclude`,
      ),
    ...tables
      .filter((table) => excluded.includes(table))
      .map(
        (table) => `${table} is stamped, and backup.exclude leaves it out of the backup; take it out of one of them`,
      ),
  ];
}

/** A rule that looks into nothing would tell nobody's tenant, and be found out only after the gate. */
function nowhere(there: readonly { readonly name: string }[], { rules = [] }: PreflightArgs): readonly string[] {
  return rules
    .map(({ table, rule }) => ({ table, by: rule.by, asked: lookupOf(rule).table }))
    .filter(({ asked }) => !there.some(({ name }) => name === asked))
    .map(
      ({ table, by, asked }) =>
        `the rule of ${table} looks ${by} up in ${asked}, which is not there: correct its name in the plan`,
    );
}

/** A collection has one action for all of its validator: it cannot refuse for the key and warn of something else. */
function onlyWarned(
  there: readonly { readonly name: string; readonly options?: Validation }[],
  { tables, column }: PreflightArgs,
): readonly string[] {
  const own = ({ options = {} }: { readonly options?: Validation }): boolean =>
    !isEnforced(options) && withoutKey(options.validator, column) !== undefined;
  return there
    .filter((found) => tables.includes(found.name) && own(found))
    .map(
      ({ name }) =>
        `the validator of ${name} refuses nothing: the switch replaces it by the one that asks for ${column}, and only the way back brings it again (to keep it, set validationAction error before the run)`,
    );
}

function setApart(
  others: readonly { readonly name: string; readonly type?: string; readonly options?: object }[],
): readonly string[] {
  const kinds = others.map(({ name, type, options }) => {
    const capped = (options as { readonly capped?: boolean } | undefined)?.capped === true ? ', capped' : '';
    return `${name} (${type ?? 'collection'}${capped})`;
  });
  return kinds.length === 0 ? [] : [`not in the plan and left alone: ${some(kinds, 20)}`];
}

/** In one line: `; ` would begin another warning. */
function some(names: readonly string[], most: number): string {
  const more = names.length > most ? ` and ${names.length - most} more` : '';
  return `${names.slice(0, most).join(', ')}${more}`;
}

async function isSharded(db: Db, table: string): Promise<boolean> {
  const [stats] = await db
    .collection(table)
    .aggregate([{ $collStats: { count: {} } }])
    .toArray();
  return stats?.['shard'] !== undefined;
}

async function uniqueCheck(db: Db, args: PreflightArgs) {
  const problems: string[] = [];
  for (const table of args.tables) {
    const replaced = (args.uniques ?? []).filter((u) => u.table === table).map((u) => u.replaces);
    const global = (args.globalUniques ?? []).filter((u) => u.table === table).map((u) => u.name);
    const known = [...replaced, ...global, ...(args.uniques ?? []).map((u) => u.name)];
    for (const index of await listIndexes(db, table)) {
      if (!keepsTenantsApart(index, args.column) && index.unique && !known.includes(index.name))
        problems.push(
          `${table}.${index.name} (${keyText(index.key)}) is unique over all tenants; add it under \`unique\` with ${args.column}, or under \`globalUnique\` where that is meant`,
        );
    }
    for (const name of [...replaced, ...global])
      if (name !== undefined && !(await listIndexes(db, table)).some((i) => i.name === name))
        problems.push(`${table} has no index ${name}; correct its name in the plan`);
  }
  return check('unique indexes', `every unique index gains ${args.column}, or is meant to be global`, problems);
}

function keepsTenantsApart({ key, name }: FoundIndex, column: string): boolean {
  return name === '_id_' || Object.keys(key).includes(column);
}
