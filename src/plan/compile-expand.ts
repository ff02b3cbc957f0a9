import type { Step } from '../core/step';
import { isLookedUp } from '../core/tenancy-args';
import { artifactText } from './artifacts';
import { sharedStep } from './compile-entries';
import { listsOf, type SqlStep } from './entries';
import { wordsOf } from './engine-words';
import { byRule, ownTables, REGISTRY_STEP, type Frame } from './frame';
import { shortTable } from './identifiers';
import { ruleText } from './rule-text';

/** Additive schema, in an order whose reverse is the way back. */
export function compileExpand(frame: Frame): readonly Step[] {
  return [
    ...tableSteps(frame),
    ...keySteps(frame),
    ...referenceSteps(frame),
    ...statementSteps(frame),
    ...indexSteps(frame),
  ];
}

export function tableSteps(frame: Frame): readonly Step[] {
  const { plan, named } = frame;
  const { registry, membership } = plan.tenancy;
  const registryRow: Step = {
    id: REGISTRY_STEP,
    phase: 'expand',
    kind: 'registry',
    target: plan.home,
    title: `Insert the default tenant "${registry.default[registry.identify] ?? ''}" into ${shortTable(named(registry.table))} and remember its id.`,
    args: {
      table: named(registry.table),
      id: frame.key.references.column,
      identify: registry.identify,
      values: registry.default,
      ...(Object.keys(registry.fill).length > 0 ? { fill: registry.fill } : {}),
    },
  };
  return [
    ...(plan.log ? [tableStep(frame, plan.log, "the runbook's own log")] : []),
    tableStep(frame, registry, 'the registry of tenants'),
    registryRow,
    ...(membership ? [tableStep(frame, membership, 'who belongs to which tenant')] : []),
  ];
}

function tableStep(frame: Frame, spec: { readonly table: string; readonly create: string }, purpose: string): Step {
  const table = frame.named(spec.table);
  const own = ownTables(frame).find((t) => t.table === table);
  return {
    id: `expand/table-${shortTable(table)}`,
    phase: 'expand',
    kind: 'table',
    target: frame.plan.home,
    title: `Create the ${wordsOf(frame.plan.engine).table} ${shortTable(table)}: ${purpose}.`,
    args: {
      table,
      create: artifactText(frame.artifacts, spec.create),
      file: spec.create,
      purpose,
      like: standing(frame),
      ...(own ? { needs: own.needs } : {}),
    },
  };
}

function keySteps({ plan, tables, key, tenant }: Frame): readonly Step[] {
  return tables.map((framed) => ({
    id: `expand/key-${shortTable(framed.table)}`,
    phase: 'expand',
    kind: 'key',
    target: plan.home,
    title: isLookedUp(framed.rule)
      ? `Add ${key.column} to ${shortTable(framed.table)}, empty, and stamp every new row ${ruleText(framed.rule)}.`
      : `Add ${key.column} to ${shortTable(framed.table)}, already filled, and stamp every new row that comes without it.`,
    args: { table: framed.table, column: key.column, type: key.type, tenant, ...byRule(framed) },
  }));
}

function referenceSteps({ plan, tables, key }: Frame): readonly Step[] {
  return tables.map(({ table, foreignKey }) => ({
    id: `expand/reference-${shortTable(table)}`,
    phase: 'expand',
    kind: 'reference',
    target: plan.home,
    title: `Make ${shortTable(table)}.${key.column} refer to ${shortTable(key.references.table)}, first for new rows, then proved for all.`,
    args: { table, column: key.column, references: key.references, name: foreignKey },
  }));
}

export function statementSteps(frame: Frame): readonly Step[] {
  const { plan } = frame;
  return listsOf(plan, 'expand').flatMap(({ at, n, spec }): readonly Step[] => {
    const shared = sharedStep(plan, 'expand', at, spec);
    if (shared) return [shared];
    const sql = plan.phases.expand[n - 1]?.sql;
    return sql ? [statementStep(frame, sql)] : [];
  });
}

function statementStep(frame: Frame, sql: SqlStep): Step {
  const { plan, artifacts } = frame;
  return {
    id: `expand/sql-${fileStem(sql.file)}`,
    phase: 'expand',
    kind: 'statements',
    target: plan.home,
    title: `Run the plan's own statements of ${sql.file}.`,
    args: {
      sql: artifactText(artifacts, sql.file),
      file: sql.file,
      like: standing(frame),
      ...(sql.undo === undefined ? {} : { undo: artifactText(artifacts, sql.undo) }),
      ...(sql.unsafe === undefined ? {} : { unsafe: sql.unsafe }),
    },
    ...(sql.irreversible === undefined ? {} : { irreversible: sql.irreversible }),
  };
}

export function indexSteps({ plan, tables }: Frame): readonly Step[] {
  return tables.flatMap(({ table, indexes }) =>
    indexes.map(({ name, columns }): Step => ({
      id: `expand/index-${name}`,
      phase: 'expand',
      kind: 'index',
      target: plan.home,
      title: `Build the index ${name} on ${shortTable(table)} while the application writes.`,
      args: { table, name, columns },
    })),
  );
}

/** A table that stands before the run: what the plan creates gets its owner. The users' table where there is one. */
function standing({ members, tables }: Frame): string {
  return members?.from.table ?? tables[0]?.table ?? '';
}

/** `sql/functions.sql` -> `functions`: unique within a plan, which check.ts proves. */
export function fileStem(file: string): string {
  return file.slice(file.lastIndexOf('/') + 1).replace(/\.[^.]*$/, '');
}
