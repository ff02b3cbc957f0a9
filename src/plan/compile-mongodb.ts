import type { FenceSpec, RefuseFreeze, SwitchAct } from '../core/freeze-args';
import type { Step } from '../core/step';
import { FREEZE_STEP, httpProbe, observeSteps, PAST_RETURN, releaseStep, RETIRE_STEP } from './compile-cutover';
import { commandOf, configStepId, PROFILING_STEP, sharedSteps } from './compile-entries';
import { indexSteps, statementSteps, tableSteps } from './compile-expand';
import { memberSteps, querySteps, recountSteps, stampSteps } from './compile-proofs';
import { compilePreparation } from './compile-preparation';
import { formatDuration } from './durations';
import type { Frame } from './frame';

/**
 * The steps of a plan whose home is MongoDB. Nothing stamps new documents there: they are swept, first in backfill and
 * last inside the fence. Indexes follow the backfill, which they would slow down, and precede the fence, which needs them.
 */
export function compileMongo(frame: Frame): readonly Step[] {
  return [
    ...compilePreparation(frame),
    ...tableSteps(frame),
    ...validatorSteps(frame),
    ...statementSteps(frame),
    ...stampSteps(frame),
    ...memberSteps(frame),
    ...indexSteps(frame).map((step) => ({
      ...step,
      id: `backfill/${step.id.replace('expand/', '')}`,
      phase: 'backfill' as const,
    })),
    ...uniqueSteps(frame),
    ...sharedSteps(frame.plan, 'backfill'),
    shapeStep(frame),
    ...recountSteps(frame),
    ...querySteps(frame),
    refuseFreeze(frame),
    ...observeSteps(frame),
    ...sharedSteps(frame.plan, 'contract'),
    ...profilingBack(frame),
    retireStep(frame),
    releaseStep(frame),
  ];
}

function validatorSteps({ plan, tables, key }: Frame): readonly Step[] {
  return tables.map(({ table }) => ({
    id: `expand/validator-${table}`,
    phase: 'expand',
    kind: 'required',
    target: plan.home,
    title: `Let ${table} warn of documents without ${key.column}; nothing is refused before the switch.`,
    args: { table, column: key.column, name: 'validator' },
  }));
}

function uniqueSteps({ plan, tables }: Frame): readonly Step[] {
  return tables.flatMap(({ table, uniques }) =>
    uniques.map(({ name, columns, replaces }): Step => ({
      id: `backfill/unique-${name}`,
      phase: 'backfill',
      kind: 'index',
      target: plan.home,
      title: `Build the unique index ${name} on ${table}${replaces === undefined ? '' : `, which replaces ${replaces} in contract`}.`,
      args: { table, name, columns, unique: true, ...(replaces === undefined ? {} : { like: replaces }) },
    })),
  );
}

function shapeStep({ plan, tables, key }: Frame): Step {
  return {
    id: 'validate/shape',
    phase: 'validate',
    kind: 'shape',
    target: plan.home,
    title: 'Read the catalog back: collections, validators, indexes that are whole.',
    args: {
      tables: tables.map((t) => ({
        table: t.table,
        column: key.column,
        type: key.type,
        foreignKey: '',
        required: 'validator',
        indexes: [...t.indexes, ...t.uniques].map((i) => i.name),
      })),
    },
  };
}

function refuseFreeze({ plan, tables, key, members }: Frame): Step {
  const { freeze, phases } = plan;
  const args: RefuseFreeze = {
    mode: 'refuse',
    tables: tables.map((t) => ({ table: t.table, column: key.column, rule: t.rule })),
    ...(members ? { members } : {}),
    fence: fenceOf(freeze),
    quiet: freeze.quiet.map(({ name, stop, start }) => ({ name, stop: commandOf(stop), start: commandOf(start) })),
    switch: phases.cutover.switch.flatMap(actOf),
    prove: phases.cutover.prove.map(({ http }) => httpProbe(http)),
    budgetMs: freeze.budget,
    quietMs: freeze.quietFor,
    ...(freeze.announced === undefined ? {} : { announcedMs: freeze.announced }),
  };
  return {
    id: FREEZE_STEP,
    phase: 'cutover',
    kind: 'freeze',
    target: plan.home,
    title: `Refuse writes for at most ${formatDuration(freeze.budget)}: sweep, require the key, switch, prove, open.`,
    args,
  };
}

type Freeze = Frame['plan']['freeze'];

function fenceOf({ mechanism, close, open }: Freeze): FenceSpec {
  if (mechanism === 'hook' && close && open) return { mechanism, close: commandOf(close), open: commandOf(open) };
  if (mechanism === undefined || mechanism === 'hook')
    throw new Error('The plan has no fence; the checks should have refused it.');
  return { mechanism };
}

function actOf({ config, deploy }: Frame['plan']['phases']['cutover']['switch'][number]): readonly SwitchAct[] {
  if (config !== undefined) return [{ act: 'config', step: configStepId(config) }];
  if (deploy) {
    const { service, build, timeout } = deploy;
    return [{ act: 'deploy', deploy: { service, build, timeoutMs: timeout } }];
  }
  return [];
}

function profilingBack({ plan }: Frame): readonly Step[] {
  if (!plan.phases.preflight.some((entry) => entry.profiling)) return [];
  return [
    {
      id: 'contract/profiling',
      phase: 'contract',
      kind: 'profiling',
      target: plan.home,
      title: 'Put back how slow statements were recorded before the run.',
      args: { restore: PROFILING_STEP, store: plan.backup.store },
      irreversible: PAST_RETURN,
    },
  ];
}

function retireStep({ plan, tables, key, members }: Frame): Step {
  const drops = tables.flatMap(({ table, uniques }) =>
    uniques.flatMap(({ replaces }) => (replaces === undefined ? [] : [{ table, name: replaces }])),
  );
  return {
    id: RETIRE_STEP,
    phase: 'contract',
    kind: 'retire',
    target: plan.home,
    title: `Make the validators strict and drop what others have replaced${drops.length === 0 ? '' : `: ${drops.map((d) => d.name).join(', ')}`}.`,
    args: {
      tables: tables.map((t) => ({ table: t.table, column: key.column })),
      ...(members ? { members } : {}),
      ...(drops.length > 0 ? { drops } : {}),
    },
    irreversible: PAST_RETURN,
  };
}
