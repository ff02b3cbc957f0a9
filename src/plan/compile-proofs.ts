import type { Json } from '../core/json';
import type { AggregateQuestion } from '../core/observe-args';
import { isLookedUp, type Expectation } from '../core/tenancy-args';
import type { Step } from '../core/step';
import { sharedStep, sharedSteps } from './compile-entries';
import { listsOf, type AggregateStep, type QueryStep } from './entries';
import { wordsOf } from './engine-words';
import { byRule, indexNames, PREFLIGHT_STEP, type Frame } from './frame';
import { shortTable } from './identifiers';
import { ruleText } from './rule-text';
import type { PlanFile } from './schema/plan';

/** Backfill and validate: every row has its tenant, and the data is asked to prove it. */
export function compileProofs(frame: Frame): readonly Step[] {
  return [
    ...stampSteps(frame),
    ...redoSteps(frame),
    ...memberSteps(frame),
    ...requiredSteps(frame, 'backfill'),
    ...sharedSteps(frame.plan, 'backfill'),
    ...shapeSteps(frame),
    ...recountSteps(frame),
    ...querySteps(frame),
    ...compareSteps(frame),
  ];
}

export function stampSteps({ plan, tables, key }: Frame): readonly Step[] {
  return tables.map(({ table, rule }) => ({
    id: `backfill/stamp-${shortTable(table)}`,
    phase: 'backfill',
    kind: 'stamp',
    target: plan.home,
    title:
      plan.engine === 'postgres' && isLookedUp(rule)
        ? `Stamp the rows of ${shortTable(table)} ${ruleText(rule)}, once it is known whose each is, and prove it.`
        : `Prove that every ${wordsOf(plan.engine).row} of ${shortTable(table)} has its ${key.column}, and stamp those that do not.`,
    args: { table, column: key.column, rule },
  }));
}

/** Before the memberships: users whose key comes back become members of the tenant that it names, and of no other. */
function redoSteps({ plan, tables, key, members, tenant }: Frame): readonly Step[] {
  const { redo } = plan.tenancy;
  if (redo === 'none') return [];
  return [
    {
      id: REDO_STEP,
      phase: 'backfill',
      kind: 'redo',
      target: plan.home,
      title: `Put back what the rollback of ${redo === 'latest' ? 'the latest run' : redo} kept: tenants, memberships, keys of rows that still exist.`,
      args: {
        archive: redo,
        registry: { table: key.references.table, id: key.references.column },
        ...(members ? { members } : {}),
        tables: tables.map((t) => ({ table: t.table, column: key.column, type: key.type })),
        tenant,
      },
    },
  ];
}

const REDO_STEP = 'backfill/redo';

export function memberSteps({ plan, members }: Frame): readonly Step[] {
  if (!members) return [];
  return [
    {
      id: 'backfill/members',
      phase: 'backfill',
      kind: 'members',
      target: plan.home,
      title: `Make every ${wordsOf(plan.engine).row} of ${shortTable(members.from.table)} a ${members.role} of its tenant in ${shortTable(members.table)}.`,
      args: members,
    },
  ];
}

/** Where a rule may not tell, a row without a key is let in until the approved cutover: its CHECK comes right before the freeze. */
export function requiredSteps({ plan, tables, key }: Frame, phase: 'backfill' | 'cutover'): readonly Step[] {
  return tables
    .filter(({ rule }) => isLookedUp(rule) === (phase === 'cutover'))
    .map((framed) => ({
      id: `${phase}/required-${shortTable(framed.table)}`,
      phase,
      kind: 'required',
      target: plan.home,
      title: `Prove that ${shortTable(framed.table)}.${key.column} is never null, so that NOT NULL costs the freeze nothing.`,
      args: { table: framed.table, column: key.column, name: framed.required, ...byRule(framed) },
    }));
}

function shapeSteps({ plan, tables, key }: Frame): readonly Step[] {
  return [
    {
      id: 'validate/shape',
      phase: 'validate',
      kind: 'shape',
      target: plan.home,
      title: 'Read the catalog back: columns, validated constraints, valid indexes, armed triggers.',
      args: {
        tables: tables.map((t) => ({
          table: t.table,
          column: key.column,
          type: key.type,
          foreignKey: t.foreignKey,
          required: isLookedUp(t.rule) ? '' : t.required,
          indexes: t.indexes.map((i) => i.name),
        })),
      },
    },
  ];
}

export function recountSteps({ plan, tables, key, members }: Frame): readonly Step[] {
  return [
    {
      id: 'validate/recount',
      phase: 'validate',
      kind: 'recount',
      target: plan.home,
      title: `Count the ${wordsOf(plan.engine).rows} of every tenant again from the rule, as owner and as the application.`,
      args: {
        tables: tables.map((t) => ({ table: t.table, column: key.column, rule: t.rule })),
        registry: { table: key.references.table, id: key.references.column },
        ...(members ? { members } : {}),
        ...(plan.tenancy.redo === 'none' ? {} : { redone: { step: REDO_STEP, name: 'redone' } }),
        as: ['owner', 'app'],
      },
    },
  ];
}

export function querySteps({ plan }: Frame): readonly Step[] {
  return listsOf(plan, 'validate').flatMap(({ at, n, spec }): readonly Step[] => {
    const shared = sharedStep(plan, 'validate', at, spec);
    if (shared) return [shared];
    const { query, aggregate } = plan.phases.validate[n - 1] ?? {};
    if (aggregate) return [aggregateStep(plan, aggregate, n)];
    return query ? [queryStep(plan, query, n)] : [];
  });
}

function aggregateStep({ home }: PlanFile, aggregate: AggregateStep, n: number): Step {
  const name = aggregate.name ?? String(n);
  return {
    id: `validate/aggregate-${name}`,
    phase: 'validate',
    kind: 'aggregate',
    target: home,
    title: `Ask the plan's own aggregation ${name} over ${aggregate.table} as ${aggregate.as.join(' and as ')}.`,
    args: { ...questionOf(aggregate), as: aggregate.as },
  };
}

export function questionOf(spec: Pick<AggregateStep, 'table' | 'pipeline' | 'expect'>): AggregateQuestion {
  return { table: spec.table, pipeline: spec.pipeline as readonly Json[], expect: expectationOf(spec.expect) };
}

function queryStep({ home }: PlanFile, query: QueryStep, n: number): Step {
  const name = query.name ?? String(n);
  return {
    id: `validate/query-${name}`,
    phase: 'validate',
    kind: 'query',
    target: home,
    title: `Ask the plan's own query ${name} as ${query.as.join(' and as ')}.`,
    args: { sql: query.sql, expect: expectationOf(query.expect), as: query.as },
  };
}

function compareSteps(frame: Frame): readonly Step[] {
  const { plan } = frame;
  if (plan.watch.length === 0) return [];
  return [
    {
      id: 'validate/watch',
      phase: 'validate',
      kind: 'compare',
      target: plan.home,
      title: `Ask the ${plan.watch.length} watched queries again and compare answers, plans and times with those of before.`,
      args: { queries: plan.watch, baseline: PREFLIGHT_STEP, indexes: indexNames(frame), as: ['owner', 'app'] },
    },
  ];
}

/** Exactly one of the three is set: check.ts has seen to it. */
export function expectationOf(expect: QueryStep['expect']): Expectation {
  if (expect.rows !== undefined) return { rows: expect.rows };
  if (expect.value !== undefined) return { value: expect.value };
  return { atLeast: expect.atLeast ?? 1 };
}
