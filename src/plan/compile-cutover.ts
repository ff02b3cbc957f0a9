import type { Probe } from '../core/observe-args';
import type { DeployArgs } from '../core/outside-args';
import type { Step } from '../core/step';
import { httpExpectation, sharedSteps } from './compile-entries';
import { exportStepId } from './compile-preparation';
import { proofSteps, switchActs } from './compile-switch';
import { expectationOf, questionOf, requiredSteps } from './compile-proofs';
import { formatDuration } from './durations';
import { byRule, indexNames, PREFLIGHT_STEP, type Frame } from './frame';
import type { PlanFile } from './schema/plan';

/** Cutover, observe and contract. */
export function compileCutover(frame: Frame): readonly Step[] {
  const { before, after } = switchActs(frame);
  return [
    ...before,
    ...requiredSteps(frame, 'cutover'),
    queueFreeze(frame, deploysOf([...before, ...after])),
    ...after,
    ...proofSteps(frame),
    ...observeSteps(frame),
    ...contractSteps(frame),
  ];
}

function queueFreeze({ plan, tables, key, members, flag }: Frame, around: readonly DeployArgs[]): Step {
  if (!flag) throw new Error('The plan has no flag to switch; the checks should have refused it.');
  const sorted = [...tables].sort((a, b) => (a.table < b.table ? -1 : 1));
  return {
    id: FREEZE_STEP,
    phase: 'cutover',
    kind: 'freeze',
    target: plan.home,
    title: `Freeze ${tables.length} tables for at most ${formatDuration(plan.freeze.budget)}: sweep, require the key, turn ${flag.key} to ${flag.to}, open.`,
    args: {
      mode: 'queue',
      tables: sorted.map((t) => ({ table: t.table, column: key.column, required: t.required, rule: t.rule })),
      ...(members ? { members } : {}),
      switch: flag,
      ...(around.length > 0 ? { around } : {}),
      budgetMs: plan.freeze.budget,
      stallMs: plan.freeze.stall,
      patienceMs: plan.freeze.patience,
    },
  };
}

function deploysOf(steps: readonly Step[]): readonly DeployArgs[] {
  return steps.flatMap((step) => (step.kind === 'deploy' ? [step.args] : []));
}

export const FREEZE_STEP = 'cutover/freeze';

/** First the new application's own checks, then what was exported before, then the probes. */
export function observeSteps(frame: Frame): readonly Step[] {
  const { plan } = frame;
  const diffs = plan.backup.exports.map(({ name, table }): Step => ({
    id: `observe/diff-${name}`,
    phase: 'observe',
    kind: 'diff',
    target: plan.home,
    title: `Compare ${table} with what ${exportStepId(name)} wrote before.`,
    args: { export: exportStepId(name) },
  }));
  return [...sharedSteps(plan, 'observe'), ...diffs, observeStep(frame)];
}

function observeStep(frame: Frame): Step {
  const { plan, tables, key } = frame;
  const { observe } = plan.phases;
  const logs = [...new Set(observe.probes.flatMap(({ log }) => (log ? [log.target] : [])))];
  return {
    id: OBSERVE_STEP,
    phase: 'observe',
    kind: 'observe',
    target: plan.home,
    title: `Ask ${observe.probes.length} probes every ${formatDuration(observe.every)} for ${formatDuration(observe.for)}.`,
    args: {
      forMs: observe.for,
      everyMs: observe.every,
      failures: observe.breach.failures,
      of: observe.breach.of,
      then: observe.breach.then,
      probes: observe.probes.map(probeOf),
      stamped: tables.map((t) => ({ table: t.table, column: key.column })),
      indexes: indexNames(frame),
      ...(logs.length > 0 ? { keep: { store: plan.backup.store, logs, baseline: PREFLIGHT_STEP } } : {}),
    },
  };
}

function contractSteps(frame: Frame): readonly Step[] {
  return [...sharedSteps(frame.plan, 'contract'), retireStep(frame), releaseStep(frame)];
}

function retireStep({ plan, tables, key, members }: Frame): Step {
  const { keepStamping } = plan.phases.contract;
  return {
    id: RETIRE_STEP,
    phase: 'contract',
    kind: 'retire',
    target: plan.home,
    title:
      keepStamping === undefined
        ? 'Remove the stamping of rows and what only the way back needed.'
        : 'Keep the stamping of rows, as the plan says, and remove what only the way back needed.',
    args: {
      tables: tables.map((t) => ({ table: t.table, column: key.column, ...byRule(t) })),
      ...(keepStamping === undefined
        ? { baseline: { step: OBSERVE_STEP, name: 'forgotten' }, stillForMs: plan.phases.observe.for }
        : { keepStamping }),
      ...(members ? { members } : {}),
    },
    irreversible: PAST_RETURN,
  };
}

export const RETIRE_STEP = 'contract/retire';
export const PAST_RETURN = 'contract is past the point of no return: from here on the backup is the only way back';

export function releaseStep({ plan }: Frame): Step {
  return {
    id: 'contract/release',
    phase: 'contract',
    kind: 'release',
    target: plan.home,
    title: `Let go of ${plan.home}: the run is over.`,
    args: { reason: 'the run ended as planned' },
    irreversible: 'contract is past the point of no return: a new run claims the target again',
  };
}

const OBSERVE_STEP = 'observe/probes';

type ProbeInPlan = PlanFile['phases']['observe']['probes'][number];

/** The name a probe goes by where the plan gives none. */
export function probeName(probe: ProbeInPlan, place: number): string {
  if (probe.http) return httpName(probe.http);
  const { sql, aggregate, log, server } = probe;
  return sql?.name ?? aggregate?.name ?? log?.name ?? server?.name ?? `query ${place + 1}`;
}

function httpName(http: NonNullable<ProbeInPlan['http']>): string {
  return http.name ?? `GET ${http.path}`;
}

function probeOf(probe: ProbeInPlan, place: number): Probe {
  const name = probeName(probe, place);
  const { http, sql, aggregate, log, server } = probe;
  if (http) return httpProbe(http);
  if (aggregate) return { kind: 'aggregate', name, ...questionOf(aggregate), as: aggregate.as };
  if (log)
    return { kind: 'log', name, target: log.target, errors: log.errors, factor: log.factor, baseline: PREFLIGHT_STEP };
  if (server) return { kind: 'server', name };
  if (!sql) throw new Error(`Probe ${place + 1} of the plan asks nothing; the checks should have refused it.`);
  return { kind: 'sql', name, sql: sql.sql, expect: expectationOf(sql.expect), as: sql.as };
}

export function httpProbe(http: NonNullable<ProbeInPlan['http']>): Probe {
  return {
    kind: 'http',
    name: httpName(http),
    target: http.target,
    path: http.path,
    ...(http.headers ? { headers: http.headers } : {}),
    expect: httpExpectation(http.expect),
    timeoutMs: http.timeout,
  };
}
