import { PHASES } from '../core/phase';
import type { CheckInput, Finding } from './finding';
import { fileStem } from './compile-expand';
import { manualName } from './compile-manual';
import { listsOf, manualEntries, queryEntries, sqlEntries } from './entries';
import { probeName } from './compile-cutover';
import { frameOf } from './frame';
import { bareTable, qualified } from './identifiers';
import { quoted, type PathPart } from './problem';

/** Names that must differ, and targets that must be the same or must not. */
export function checkNames(input: CheckInput): readonly Finding[] {
  return [...targets(input), ...tablesTwice(input), ...objectsTwice(input), ...stepsTwice(input), ...secrets(input)];
}

function targets({ plan }: CheckInput): readonly Finding[] {
  const findings: Finding[] = [];
  if (plan.tenancy.target !== plan.home) {
    findings.push({
      at: ['tenancy', 'target'],
      found: `the target ${plan.tenancy.target}, while home is ${plan.home}`,
      expected: 'the same target: this version runs one database per plan, its ledger beside its data',
      fix: `${plan.home}`,
    });
  }
  if (plan.backup.scratch === plan.home || plan.backup.scratch === plan.tenancy.target) {
    findings.push({
      at: ['backup', 'scratch'],
      found: `the target ${plan.backup.scratch}, which is the database that the plan changes`,
      expected: 'a database of its own: the restore drill overwrites what is in it',
      fix: 'the name of an empty database, such as scratch',
    });
  }
  return findings;
}

/** `users` and `public.users` are one table. */
function tablesTwice({ plan }: CheckInput): readonly Finding[] {
  const { tenancy, log } = plan;
  const roles: readonly { readonly at: readonly PathPart[]; readonly table: string }[] = [
    { at: ['tenancy', 'registry', 'table'], table: tenancy.registry.table },
    ...(tenancy.membership ? [{ at: ['tenancy', 'membership', 'table'], table: tenancy.membership.table }] : []),
    ...(log ? [{ at: ['log', 'table'], table: log.table }] : []),
    ...Object.keys(tenancy.tables).map((table) => ({ at: ['tenancy', 'tables', table], table })),
    ...plan.phases.cutover.switch.flatMap(({ flag }, i) =>
      flag ? [{ at: ['phases', 'cutover', 'switch', i, 'flag', 'table'], table: flag.table }] : [],
    ),
  ];
  return twice(
    roles,
    (r) => qualified(r.table),
    (name) => ({
      found: `the table ${name} a second time`,
      expected: 'every table in one part only',
      fix: 'take one of the two out',
    }),
  );
}

/** Indexes of one schema share their names with its tables. */
function objectsTwice({ plan, artifacts }: CheckInput): readonly Finding[] {
  const known = frameOf(plan, artifacts).tables.filter((t, i, all) => all.findIndex((o) => o.table === t.table) === i);
  const indexes = known.flatMap(({ table, indexes: all }) =>
    all.map((i) => ({
      at: ['tenancy', 'tables', spelled(plan.tenancy.tables, table)],
      name: `${table.slice(0, -bareTable(table).length)}${i.name}`,
    })),
  );
  return twice(
    indexes,
    (i) => i.name,
    (name) => ({
      found: `the index ${name} a second time`,
      expected: 'a name of its own for every index of a schema',
      fix: 'another name under `indexes`',
    }),
  );
}

function spelled(tables: Readonly<Record<string, unknown>>, table: string): string {
  return Object.keys(tables).find((name) => qualified(name) === table) ?? table;
}

/** Names that become part of step ids or of status lines. */
function stepsTwice({ plan }: CheckInput): readonly Finding[] {
  const { observe } = plan.phases;
  const distinct = (what: string) => (name: string) => ({
    found: `the ${what} ${quoted(name)} a second time`,
    expected: `a name of its own for every ${what}`,
    fix: 'another name',
  });
  return [
    ...twice(
      sqlEntries(plan).map(({ at, spec }) => ({ at: [...at, 'file'], name: fileStem(spec.file) })),
      (s) => s.name,
      distinct('file name'),
    ),
    ...twice(
      queryEntries(plan).map(({ at, n, spec }) => ({ at: [...at, 'name'], name: spec.name ?? String(n) })),
      (s) => s.name,
      distinct('query'),
    ),
    ...PHASES.flatMap((phase) =>
      twice(
        listsOf(plan, phase).flatMap(({ at, spec }) => {
          const [kind, named] = spec.command ? ['command', spec.command] : ['http', spec.http];
          return named ? [{ at: [...at, kind, 'name'], name: `${kind} ${named.name}` }] : [];
        }),
        (s) => s.name,
        distinct('step'),
      ),
    ),
    ...twice(
      listsOf(plan, 'configure').flatMap(({ at, spec }) =>
        spec.config ? [{ at: [...at, 'config', 'target'], name: spec.config.target }] : [],
      ),
      (s) => s.name,
      distinct('target of staged variables'),
    ),
    ...PHASES.flatMap((phase) =>
      twice(
        manualEntries(plan, phase).map((entry) => ({ at: [...entry.at, 'name'], name: manualName(entry) })),
        (s) => s.name,
        distinct('manual step'),
      ),
    ),
    ...twice(
      observe.probes.map((p, i) => ({ at: ['phases', 'observe', 'probes', i], name: probeName(p, i) })),
      (s) => s.name,
      distinct('probe'),
    ),
    ...twice(
      plan.watch.map((w, i) => ({ at: ['watch', i, 'name'], name: w.name })),
      (s) => s.name,
      distinct('watch query'),
    ),
  ];
}

function twice<T extends { readonly at: readonly PathPart[] }>(
  items: readonly T[],
  key: (item: T) => string,
  say: (key: string) => Omit<Finding, 'at'>,
): readonly Finding[] {
  return items
    .filter((item, i) => items.findIndex((other) => key(other) === key(item)) < i)
    .map((item) => ({ at: item.at, ...say(key(item)) }));
}

/** A plan is read by many and kept for ever: addresses with passwords live in the worker's config. */
function secrets({ plan }: CheckInput): readonly Finding[] {
  return texts(plan, []).flatMap(({ at, text }) => {
    if (!/\b[a-z][a-z0-9+.-]*:\/\/[^\s/@:]*:[^\s/@]+@/i.test(text)) return [];
    return [
      {
        at,
        found: `an address with a password, ${/[a-z][a-z0-9+.-]*:\/\//i.exec(text)?.[0] ?? ''}...`,
        expected: 'no secret in a plan',
        fix: "the name of a target of the worker's config, which holds the address; and change that password",
      },
    ];
  });
}

/** Every text of the plan with its place. */
function texts(
  value: unknown,
  at: readonly PathPart[],
): readonly { readonly at: readonly PathPart[]; readonly text: string }[] {
  if (typeof value === 'string') return [{ at, text: value }];
  if (Array.isArray(value)) return value.flatMap((v, i) => texts(v, [...at, i]));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([k, v]) => texts(v, [...at, k]));
}
