import type { Probe, Step } from '../core/step';
import { expectationOf } from './compile-proofs';
import { formatDuration } from './durations';
import { indexNames, type Frame } from './frame';
import type { PlanFile } from './schema/plan';

/** Cutover, observe and contract. */
export function compileCutover(frame: Frame): readonly Step[] {
  return [freezeStep(frame), observeStep(frame), ...contractSteps(frame)];
}

function freezeStep({ plan, tables, key, rule, members, flag }: Frame): Step {
  const sorted = [...tables].sort((a, b) => (a.table < b.table ? -1 : 1));
  return {
    id: 'cutover/freeze',
    phase: 'cutover',
    kind: 'freeze',
    target: plan.home,
    title: `Freeze ${tables.length} tables for at most ${formatDuration(plan.freeze.budget)}: sweep, require the key, turn ${flag.key} to ${flag.to}, open.`,
    args: {
      mode: 'queue',
      tables: sorted.map((t) => ({ table: t.table, column: key.column, required: t.required, rule })),
      ...(members ? { members } : {}),
      switch: flag,
      budgetMs: plan.freeze.budget,
      stallMs: plan.freeze.stall,
      patienceMs: plan.freeze.patience,
    },
  };
}

function observeStep(frame: Frame): Step {
  const { plan, tables, key } = frame;
  const { observe } = plan.phases;
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
    },
  };
}

function contractSteps({ plan, tables, key, members }: Frame): readonly Step[] {
  const { keepStamping } = plan.phases.contract;
  return [
    {
      id: 'contract/retire',
      phase: 'contract',
      kind: 'retire',
      target: plan.home,
      title:
        keepStamping === undefined
          ? 'Remove the stamping of rows and what only the way back needed.'
          : 'Keep the stamping of rows, as the plan says, and remove what only the way back needed.',
      args: {
        tables: tables.map((t) => ({ table: t.table, column: key.column })),
        ...(keepStamping === undefined
          ? { baseline: { step: OBSERVE_STEP, name: 'forgotten' }, stillForMs: plan.phases.observe.for }
          : { keepStamping }),
        ...(members ? { members } : {}),
      },
      irreversible: 'contract is past the point of no return: from here on the backup is the only way back',
    },
    {
      id: 'contract/release',
      phase: 'contract',
      kind: 'release',
      target: plan.home,
      title: `Let go of ${plan.home}: the run is over.`,
      args: { reason: 'the run ended as planned' },
      irreversible: 'contract is past the point of no return: a new run claims the target again',
    },
  ];
}

const OBSERVE_STEP = 'observe/probes';

/** The name a probe goes by where the plan gives none. */
export function probeName(probe: PlanFile['phases']['observe']['probes'][number], place: number): string {
  if (probe.http) return probe.http.name ?? `GET ${probe.http.path}`;
  return probe.sql?.name ?? `query ${place + 1}`;
}

function probeOf(probe: PlanFile['phases']['observe']['probes'][number], place: number): Probe {
  const name = probeName(probe, place);
  const { http, sql } = probe;
  if (http) {
    return {
      kind: 'http',
      name,
      target: http.target,
      path: http.path,
      ...(http.headers ? { headers: http.headers } : {}),
      expect: {
        status: http.expect.status,
        ...(http.expect.contains === undefined ? {} : { contains: http.expect.contains }),
      },
      timeoutMs: http.timeout,
    };
  }
  if (!sql) throw new Error(`Probe ${place + 1} of the plan asks nothing; the checks should have refused it.`);
  return { kind: 'sql', name, sql: sql.sql, expect: expectationOf(sql.expect), as: sql.as };
}
