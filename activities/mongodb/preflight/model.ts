import type { ModelCheck } from '../../../src/core/preflight-args';
import { describeError } from '../../../src/core/failure';
import { runCommand } from '../../command/run-command';
import { check, listed, type Findings } from '../../findings';
import type { Resources } from '../../resources';

/**
 * What the application says of itself against what the plan says of it: its tenants' collections (T0.1), the roles of
 * memberships, and which fields of which types its own models write. A difference is a plan that is older than the code.
 */
export async function modelFindings(resources: Resources, model: ModelCheck, signal: AbortSignal): Promise<Findings> {
  const said = await introspect(resources, model, signal);
  if (typeof said === 'string') return { checks: [check('application model', 'the application says it', [said])] };
  return {
    checks: [
      check(
        'tenant collections',
        `${model.tables.length} collections, as the application's code has them`,
        differences(model.tables, texts(said['collections'])),
      ),
      ...(model.roles
        ? [check('roles of memberships', 'those of the application', roleProblems(model.roles, said['roleScopeMap']))]
        : []),
      check('tenant document', "the fields and types of the application's model", tenantProblems(model, said)),
      ...(model.membership
        ? [check('membership document', "the fields and types of the application's model", memberProblems(model, said))]
        : []),
    ],
  };
}

type Said = Readonly<Record<string, unknown>>;

async function introspect(resources: Resources, model: ModelCheck, signal: AbortSignal): Promise<Said | string> {
  try {
    const { stdout } = await runCommand(resources, model.command, { signal });
    const parsed: unknown = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed as Said;
    return 'the program printed no JSON object; see docs/plan-file.md, tenancy.model';
  } catch (error) {
    signal.throwIfAborted();
    return `${describeError(error)}; run it by hand and mend it`;
  }
}

function differences(plan: readonly string[], code: readonly string[]): readonly string[] {
  const only = (a: readonly string[], b: readonly string[]): readonly string[] => a.filter((name) => !b.includes(name));
  return [
    ...only(code, plan).map(
      (name) => `${name} is the tenants' in the code and not in the plan; add it to tenancy.tables`,
    ),
    ...only(plan, code).map((name) => `${name} is in the plan and not in the code; take it out of tenancy.tables`),
  ];
}

function roleProblems(plan: Readonly<Record<string, string>>, code: unknown): readonly string[] {
  const there = (typeof code === 'object' && code !== null ? code : {}) as Said;
  const names = [...new Set([...Object.keys(plan), ...Object.keys(there)])];
  return names
    .filter((name) => plan[name] !== there[name])
    .map((name) => `${name}: ${plan[name] ?? 'nothing'} in the plan, ${String(there[name] ?? 'nothing')} in the code`);
}

function tenantProblems({ tenant }: ModelCheck, said: Said): readonly string[] {
  const planned = new Map<string, string>([
    ...Object.keys(tenant.values).map((column) => [column, 'text'] as const),
    ...Object.entries(tenant.fill).map(([column, how]) => [column, FILLED[how]] as const),
  ]);
  const document = objectOf(said['tenant']);
  const values = Object.entries(tenant.values)
    .filter(([column, value]) => typeof document[column] === 'string' && document[column] !== value)
    .map(
      ([column, value]) =>
        `${column}: ${JSON.stringify(value)} in the plan, ${JSON.stringify(document[column])} in the code`,
    );
  return [...shapeProblems(planned, document), ...values];
}

function memberProblems({ membership }: ModelCheck, said: Said): readonly string[] {
  if (!membership) return [];
  const planned = new Map<string, string>([
    ...membership.columns.map((column) => [column, 'text'] as const),
    ...Object.entries(membership.fill).map(([column, how]) => [column, FILLED[how]] as const),
  ]);
  return shapeProblems(planned, objectOf(said['membership']));
}

const FILLED = { uuid: 'text', now: 'date', 'now-iso': 'text', null: 'null' } as const;

function shapeProblems(planned: ReadonlyMap<string, string>, document: Said): readonly string[] {
  const names = [...new Set([...planned.keys(), ...Object.keys(document)])];
  return names.flatMap((name) => {
    const [plan, code] = [planned.get(name) ?? 'nothing', name in document ? typeOf(document[name]) : 'nothing'];
    return plan === code ? [] : [`${name}: ${plan} in the plan, ${code} in the code`];
  });
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return 'text';
  if (typeof value === 'object' && '$date' in value) return 'date';
  return listed([typeof value]);
}

function objectOf(value: unknown): Said {
  return (typeof value === 'object' && value !== null ? value : {}) as Said;
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((v): v is string => typeof v === 'string') : [];
}
