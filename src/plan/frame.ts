import type { AdoptedTable, Captured, FlagSwitch, Membership, Rule } from '../core/step';
import { artifactText, type Artifact } from './artifacts';
import { indexedColumn, parseColumnRef, qualified, type ColumnRef } from './identifiers';
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
  readonly rule: Rule;
  readonly members?: Membership;
  readonly flag: FlagSwitch;
}

export interface FramedTable {
  readonly table: string;
  readonly indexes: readonly { readonly name: string; readonly columns: readonly string[] }[];
  readonly foreignKey: string;
  readonly required: string;
}

export const PREFLIGHT_STEP = 'preflight/claim';
export const REGISTRY_STEP = 'expand/registry';
export const DUMP_STEP = 'backup/dump';

export function frameOf(plan: PlanFile, artifacts: readonly Artifact[]): Frame {
  const { tenancy } = plan;
  const tenant: Captured = { step: REGISTRY_STEP, name: 'tenant' };
  const members = membersOf(plan);
  const flag = flagOf(plan);
  const tables = Object.entries(tenancy.tables).map(([name, spec]) => framedTable(name, spec, tenancy.key.column));
  const others = [tenancy.registry.table, tenancy.membership?.table, plan.log?.table, flag.table].flatMap((t) =>
    t === undefined ? [] : [qualified(t)],
  );
  return {
    plan,
    artifacts,
    key: { column: tenancy.key.column, type: tenancy.key.type, references: reference(tenancy.key.references) },
    tables,
    allTables: [...new Set([...tables.map((t) => t.table), ...others])].sort(),
    tenant,
    rule: { kind: 'constant', tenant },
    ...(members ? { members } : {}),
    flag,
  };
}

/** The plan's own tables: each is created, or adopted where it is there and as good. */
export function ownTables({ plan, artifacts, key }: Frame): readonly AdoptedTable[] {
  const { registry, membership } = plan.tenancy;
  const { log } = plan;
  const own = (
    spec: { readonly table: string; readonly create: string },
    needs: AdoptedTable['needs'],
  ): AdoptedTable => ({
    table: qualified(spec.table),
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

function framedTable(name: string, spec: PlanFile['tenancy']['tables'][string], key: string): FramedTable {
  const table = qualified(name);
  return {
    table,
    indexes: indexesOf(table, spec, key),
    foreignKey: foreignKeyName(table, key),
    required: requiredName(table, key),
  };
}

/** The sweep in the freeze finds rows without a key through an index that begins with it: where none does, one is added. */
function indexesOf(table: string, spec: PlanFile['tenancy']['tables'][string], key: string): FramedTable['indexes'] {
  const named = Object.entries(spec.indexes ?? {}).map(([name, columns]) => ({ name, columns }));
  const all = spec.index ? [{ name: indexName(table, spec.index), columns: spec.index }, ...named] : named;
  const leads = all.some((i) => indexedColumn(i.columns[0] ?? '') === key);
  return leads ? all : [{ name: indexName(table, [key]), columns: [key] }, ...all];
}

function membersOf({ tenancy }: PlanFile): Membership | undefined {
  const spec = tenancy.membership;
  if (!spec) return undefined;
  return {
    table: qualified(spec.table),
    user: spec.user,
    tenant: spec.tenant,
    roleColumn: spec.roleColumn,
    role: spec.role,
    from: { ...reference(spec.from), key: tenancy.key.column },
  };
}

function flagOf(plan: PlanFile): FlagSwitch {
  const flag = plan.phases.cutover.switch[0]?.flag;
  if (!flag) throw new Error('The plan has no flag to switch; the schema should have refused it.');
  return {
    table: qualified(flag.table),
    keyColumn: flag.keyColumn,
    valueColumn: flag.valueColumn,
    key: flag.key,
    to: flag.to,
  };
}

function reference(text: string): ColumnRef {
  const parsed = parseColumnRef(text);
  if (!parsed) throw new Error(`"${text}" is no table.column; the schema should have refused it.`);
  return parsed;
}
