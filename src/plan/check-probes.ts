import { PHASES, type Phase } from '../core/phase';
import type { CheckInput, Finding } from './finding';
import { listsOf, queryEntries, type QueryStep } from './entries';
import { quoted, type PathPart } from './problem';
import type { PlanFile } from './schema/plan';
import { notReadOnly } from './sql/read-only';

type Expect = QueryStep['expect'];

/** Queries that only read, with exactly one expectation each; probes that ask one thing and carry no secret. */
export function checkProbes({ plan }: CheckInput): readonly Finding[] {
  const { observe } = plan.phases;
  return [
    ...queryEntries(plan).flatMap(({ at, spec }) => queryFindings(at, spec)),
    ...oneOf(plan),
    ...plan.watch.flatMap((w, i) => readOnly(['watch', i, 'sql'], w.sql)),
    ...observe.probes.flatMap((probe, i) => probeFindings(['phases', 'observe', 'probes', i], probe)),
  ];
}

/** An entry of a list is one step: one of the kinds that its phase knows. */
function oneOf(plan: PlanFile): readonly Finding[] {
  const { cutover, observe } = plan.phases;
  return [
    ...PHASES.flatMap((phase) =>
      listsOf(plan, phase).flatMap(({ at, spec }) => oneKind(at, spec, STEP_KINDS[phase] ?? COMMON)),
    ),
    ...cutover.switch.flatMap((entry, i) =>
      oneKind(['phases', 'cutover', 'switch', i], entry, ['flag', 'config', 'deploy']),
    ),
    ...observe.probes.flatMap((entry, i) =>
      oneKind(['phases', 'observe', 'probes', i], entry, ['http', 'sql', 'aggregate', 'log', 'server']),
    ),
  ];
}

const COMMON = ['manual', 'command', 'http'];
const STEP_KINDS: Readonly<Partial<Record<Phase, readonly string[]>>> = {
  preflight: [...COMMON, 'profiling'],
  configure: ['config', ...COMMON],
  expand: ['sql', ...COMMON],
  validate: ['query', 'aggregate', ...COMMON],
  contract: [...COMMON, 'unconfig'],
};

function oneKind(at: readonly PathPart[], entry: object, kinds: readonly string[]): readonly Finding[] {
  const given = Object.entries(entry).flatMap(([kind, v]) => (v === undefined ? [] : [kind]));
  if (given.length === 1) return [];
  const found = given.length === 0 ? `none of ${kinds.join(', ')}` : `${given.join(' and ')} in one entry`;
  const fix = given.length === 0 ? `for example ${kinds[0] ?? ''}: ...` : `${given.length} entries`;
  return [{ at, found, expected: `exactly one of ${kinds.join(', ')}`, fix }];
}

function queryFindings(
  at: readonly PathPart[],
  query: { readonly sql: string; readonly expect: Expect; readonly as?: unknown },
): readonly Finding[] {
  const as =
    Array.isArray(query.as) && new Set(query.as).size < query.as.length
      ? [{ at: [...at, 'as'], found: 'the same twice', expected: 'owner, app, or both', fix: '[owner, app]' }]
      : [];
  return [...readOnly([...at, 'sql'], query.sql), ...oneExpectation([...at, 'expect'], query.expect), ...as];
}

function readOnly(at: readonly PathPart[], sql: string): readonly Finding[] {
  const found = notReadOnly(sql);
  return found === undefined
    ? []
    : [{ at, found, expected: 'one query that only reads', fix: 'SELECT ...; a function for what takes more' }];
}

function oneExpectation(at: readonly PathPart[], expect: Expect): readonly Finding[] {
  const given = Object.entries(expect).filter(([, v]) => v !== undefined);
  if (given.length === 1) return [];
  const found = given.length === 0 ? 'no expectation' : given.map(([k]) => k).join(' and ');
  return [
    {
      at,
      found,
      expected: 'exactly one of rows, value, atLeast',
      fix: given.length === 0 ? 'for example { rows: 0 }' : 'keep one of them',
    },
  ];
}

function probeFindings(
  at: readonly PathPart[],
  probe: PlanFile['phases']['observe']['probes'][number],
): readonly Finding[] {
  const { http, sql, aggregate } = probe;
  if (sql) return queryFindings([...at, 'sql'], sql);
  if (aggregate) return [];
  return Object.keys(http?.headers ?? {}).flatMap((name): readonly Finding[] => {
    const where = [...at, 'http', 'headers', name];
    if (!/^[A-Za-z0-9-]{1,64}$/.test(name))
      return [
        {
          at: where,
          found: `the header ${quoted(name)}`,
          expected: 'a name of letters, digits and -',
          fix: 'for example X-Tenant-Id',
        },
      ];
    if (!/^(authorization|proxy-authorization|cookie|x-api-key)$/i.test(name)) return [];
    return [
      {
        at: where,
        found: `the header ${name}, which carries a secret`,
        expected: 'no secret in a plan',
        fix: "take it out, and give the target `auth` in the worker's config",
      },
    ];
  });
}
