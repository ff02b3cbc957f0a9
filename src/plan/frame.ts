import type { FlagSwitch } from '../core/freeze-args';
import type { AdoptedTable } from '../core/table-args';
import { isLookedUp, lookupOf, type Captured, type LookedUp, type Membership, type Rule } from '../core/tenancy-args';
import { artifactText, type Artifact } from './artifacts';
import { indexedColumn, parseColumnRef, qualified, splitColumnRef, type ColumnRef } from './identifiers';
import { foreignKeyName, indexName, requiredName } from './names';
import type { PlanFile } from './schema/plan';

/** What every part of the compilation reads: the plan with its names written out in full. */
export interface Frame {
  readonly plan: PlanFile;
  readonly artifacts: readonly Artifact[];
  readonly key: { readonly column: string; readonly type: string; readonly references: ColumnRef };
  readonly tables: readonly FramedTable[];
  /** Every table the plan touches, sorted. */
  readonly allTables: readonly string[];
  readonly tenant: Captured;
  readonly members?: Membership;
  /** Only where the switch is a flag in the database. */
  readonly flag?: FlagSwitch;
  /** A table's name as its engine writes it: `schema.name`, or plain. */
  readonly named: (table: string) => string;
}

export interface FramedTable {
  readonly table: string;
  readonly indexes: readonly { readonly name: string; readonly columns: readonly string[] }[];
  readonly foreignKey: string;
  readonly required: string;
  readonly rule: Rule;
  readonly uniques: readonly {
    readonly name: string;
    readonly columns: readonly string[];
    readonly replaces?: string;
  }[];
}

/** Only where the rows of a table have several tenants: what of the others stays as it was before there were rules. */
export function byRule({ rule }: FramedTable): { readonly rule?: LookedUp } {
  return isLookedUp(rule) ? { rule } : {};
}

export const PREFLIGHT_STEP = 'preflight/claim';
export const REGISTRY_STEP = 'expand/registry';
export const DUMP_STEP = 'backup/dump';

export function frameOf(plan: PlanFile, artifacts: readonly Artifact[]): Frame {
  const { tenancy } = plan;
  const named = (table: string): string => (plan.engine === 'mongodb' ? table : qualified(table));
  const tenant: Captured = { step: REGISTRY_STEP, name: 'tenant' };
  const members = membersOf(plan, named, tenant);
  const flag = flagOf(plan);
  const tables = inOrder(
    Object.entries(tenancy.tables).map(([name, spec]) => framedTable(plan, named, tenant, name, spec)),
    tenancy.key.column,
  );
  const others = [tenancy.registry.table, tenancy.membership?.table, plan.log?.table, flag?.table].flatMap((t) =>
    t === undefined ? [] : [named(t)],
  );
  return {
    plan,
    artifacts,
    key: {
      column: tenancy.key.column,
      type: tenancy.key.type,
      references: reference(tenancy.key.references, named),
    },
    tables,
    allTables: [...new Set([...tables.map((t) => t.table), ...others])].sort(),
    tenant,
    ...(members ? { members } : {}),
    ...(flag ? { flag } : {}),
    named,
  };
}

/** The plan's own tables: each is created, or adopted where it is there and as good. */
export function ownTables({ plan, artifacts, key, named }: Frame): readonly AdoptedTable[] {
  const { registry, membership } = plan.tenancy;
  const { log } = plan;
  const own = (
    spec: { readonly table: string; readonly create: string },
    needs: AdoptedTable['needs'],
  ): AdoptedTable => ({
    table: named(spec.table),
    create: artifactText(artifacts, spec.create),
    file: spec.create,
    needs,
  });
  const id = key.references.column;
  return [
    ...(log ? [own(log, { fills: ['phase', 'operation', 'status', 'details'], unique: [] })] : []),
    own(registry, { fills: [...new Set([id, ...Object.keys(registry.default)])], unique: [[id], [registry.identify]] }),
    ...(membership
      ? [
          own(membership, {
            fills: [membership.user, membership.tenant, membership.roleColumn],
            unique: [[membership.user, membership.tenant]],
          }),
        ]
      : []),
  ];
}

/** The indexes that the plan builds, `schema.name`: an index lives in the schema of its table. */
export function indexNames({ tables }: Frame): readonly string[] {
  return tables.flatMap((t) => t.indexes.map((i) => `${t.table.slice(0, t.table.indexOf('.'))}.${i.name}`));
}

function framedTable(
  plan: PlanFile,
  named: Frame['named'],
  tenant: Captured,
  name: string,
  spec: TableSpec,
): FramedTable {
  const table = named(name);
  const key = plan.tenancy.key.column;
  return {
    table,
    indexes: indexesOf(table, spec, key),
    foreignKey: foreignKeyName(table, key),
    required: requiredName(table, key),
    rule: ruleOf(plan, spec, tenant, named),
    uniques: Object.entries(spec.unique ?? {}).map(([index, { columns, replaces }]) => ({
      name: index,
      columns,
      ...(replaces === undefined ? {} : { replaces }),
    })),
  };
}

type TableSpec = PlanFile['tenancy']['tables'][string];

function ruleOf({ tenancy }: PlanFile, { rule }: TableSpec, tenant: Captured, named: Frame['named']): Rule {
  const { table: registered, column: id } = reference(tenancy.key.references, named);
  const registry = { table: registered, id };
  if (rule?.mapping) {
    const { by, table, from, to, default: known } = rule.mapping;
    const found = { table: named(table), from, to };
    return { kind: 'mapping', by, in: found, ...(known ? { otherwise: tenant } : {}), registry };
  }
  if (rule?.walk) {
    const { by, to, default: known } = rule.walk;
    const { table, column } = reference(to, named);
    const found = { table, column, key: tenancy.key.column };
    return { kind: 'walk', by, to: found, ...(known ? { otherwise: tenant } : {}), registry };
  }
  return { kind: 'constant', tenant };
}

/** As the plan has them, but whoever takes its tenants from another comes behind that: it must have them by then. */
function inOrder(tables: readonly FramedTable[], key: string): readonly FramedTable[] {
  const left = [...tables];
  const sorted: FramedTable[] = [];
  while (left.length > 0) {
    const waits = ({ rule }: FramedTable): boolean =>
      isLookedUp(rule) && lookupOf(rule).to === key && left.some((t) => t.table === lookupOf(rule).table);
    const next = Math.max(
      0,
      left.findIndex((t) => !waits(t)),
    );
    sorted.push(...left.splice(next, 1));
  }
  return sorted;
}

/** The sweep in the freeze finds rows without a key through an index that begins with it: where none does, one is added. */
function indexesOf(table: string, spec: TableSpec, key: string): FramedTable['indexes'] {
  const named = Object.entries(spec.indexes ?? {}).map(([name, columns]) => ({ name, columns }));
  const all = spec.index ? [{ name: indexName(table, spec.index), columns: spec.index }, ...named] : named;
  const leads = all.some((i) => indexedColumn(i.columns[0] ?? '') === key);
  return leads ? all : [{ name: indexName(table, [key]), columns: [key] }, ...all];
}

function membersOf({ tenancy, engine }: PlanFile, named: Frame['named'], tenant: Captured): Membership | undefined {
  const spec = tenancy.membership;
  if (!spec) return undefined;
  return {
    table: named(spec.table),
    user: spec.user,
    tenant: spec.tenant,
    roleColumn: spec.roleColumn,
    role: spec.role,
    ...(spec.roles ? { roles: spec.roles } : {}),
    ...(engine === 'mongodb' ? { otherwise: tenant } : {}),
    ...(Object.keys(spec.fill).length > 0 ? { fill: spec.fill } : {}),
    ...(Object.keys(spec.values).length > 0 ? { values: spec.values } : {}),
    from: { ...reference(spec.from, named), key: tenancy.key.column },
  };
}

function flagOf(plan: PlanFile): FlagSwitch | undefined {
  const flag = plan.phases.cutover.switch.find((s) => s.flag)?.flag;
  if (!flag) return undefined;
  return {
    table: qualified(flag.table),
    keyColumn: flag.keyColumn,
    valueColumn: flag.valueColumn,
    key: flag.key,
    to: flag.to,
  };
}

function reference(text: string, named: Frame['named']): ColumnRef {
  if (!parseColumnRef(text)) throw new Error(`"${text}" is no table.column; the schema should have refused it.`);
  const { table, column } = splitColumnRef(text);
  return { table: named(table), column };
}
