import type { UniqueWithTenant } from '../core/table-args';
import type { ModelCheck } from '../core/preflight-args';
import type { Step, StepArgs } from '../core/step';
import { isLookedUp } from '../core/tenancy-args';
import { artifactText } from './artifacts';
import { commandOf, sharedSteps } from './compile-entries';
import { sqlEntries } from './entries';
import { wordsOf } from './engine-words';
import { DUMP_STEP, indexNames, ownTables, PREFLIGHT_STEP, type Frame } from './frame';
import { qualified } from './identifiers';
import { createdFunctions } from './sql/created';

/** Preflight, backup and what is staged. */
export function compilePreparation(frame: Frame): readonly Step[] {
  const { plan } = frame;
  return [
    preflightStep(frame),
    ...sharedSteps(plan, 'preflight'),
    ...backupSteps(frame),
    ...sharedSteps(plan, 'backup'),
    ...sharedSteps(plan, 'configure'),
  ];
}

function preflightStep(frame: Frame): Step {
  const { plan } = frame;
  const model = modelOf(frame);
  const uniques = uniquesOf(frame);
  const globals = Object.entries(plan.tenancy.tables).flatMap(([table, { globalUnique = [] }]) =>
    globalUnique.map((name) => ({ table: frame.named(table), name })),
  );
  const logs = plan.phases.observe.probes.flatMap(({ log }) => (log ? [log.target] : []));
  return {
    id: PREFLIGHT_STEP,
    phase: 'preflight',
    kind: 'preflight',
    target: plan.home,
    title: `Claim ${plan.home} for this run and look whether everything is as the plan expects.`,
    args: {
      tables: frame.tables.map((t) => t.table),
      column: frame.key.column,
      type: frame.key.type,
      creates: createdNames(frame),
      adopts: ownTables(frame),
      redo: plan.tenancy.redo,
      ...(frame.flag ? { flag: frame.flag } : {}),
      ...rulesOf(frame),
      scratch: plan.backup.scratch,
      store: plan.backup.store,
      ...(plan.backup.exclude.length > 0 ? { excluded: plan.backup.exclude } : {}),
      maxTransactionAgeMs: plan.preflight.maxTransactionAge,
      watch: plan.watch,
      ...(plan.preflight.expected === undefined ? {} : { expectedMs: plan.preflight.expected }),
      ...(model ? { model } : {}),
      ...(uniques.length > 0 ? { uniques } : {}),
      ...(globals.length > 0 ? { globalUniques: globals } : {}),
      ...(logs.length > 0 ? { logs } : {}),
      ...(plan.freeze.mechanism === undefined ? {} : { fence: plan.freeze.mechanism }),
    },
  };
}

/** On MongoDB the stamping predicts, and nothing runs in the application's inserts. */
function rulesOf({ tables }: Frame): Pick<StepArgs['preflight'], 'rules'> {
  const rules = tables.flatMap(({ table, rule }) => (isLookedUp(rule) ? [{ table, rule }] : []));
  return rules.length > 0 ? { rules } : {};
}

function backupSteps({ plan, named }: Frame): readonly Step[] {
  const { store, scratch, exports, exclude } = plan.backup;
  return [
    {
      id: DUMP_STEP,
      phase: 'backup',
      kind: 'backup',
      target: plan.home,
      title: `Dump ${plan.home} into the store ${store}, with a manifest from the same ${plan.engine === 'mongodb' ? 'instant' : 'snapshot'}.`,
      // The tool's own schema; on MongoDB what is the tool's own lies in another database.
      args: { store, exclude: plan.engine === 'mongodb' ? exclude : ['cutover'] },
    },
    {
      id: 'backup/drill',
      phase: 'backup',
      kind: 'drill',
      target: plan.home,
      title: `Restore that backup into ${scratch} and compare every ${wordsOf(plan.engine).table} with the manifest.`,
      args: { backup: DUMP_STEP, scratch },
    },
    ...exports.map(({ name, table, columns, key }): Step => ({
      id: exportStepId(name),
      phase: 'backup',
      kind: 'export',
      target: plan.home,
      title: `Export ${columns.join(', ')} of ${table} as CSV and JSON, to compare with after the cutover.`,
      args: { name, table: named(table), columns, key, store },
    })),
  ];
}

export function exportStepId(name: string): string {
  return `backup/export-${name}`;
}

function modelOf({ plan, tables }: Frame): ModelCheck | undefined {
  const { model, registry, membership } = plan.tenancy;
  if (!model) return undefined;
  return {
    command: commandOf(model.command),
    tables: tables.map((t) => t.table).sort(),
    ...(membership?.roles ? { roles: membership.roles.map } : {}),
    tenant: { values: registry.default, fill: registry.fill },
    ...(membership
      ? {
          membership: {
            columns: [
              membership.user,
              membership.tenant,
              membership.roleColumn,
              ...Object.keys(membership.values),
            ].sort(),
            fill: membership.fill,
          },
        }
      : {}),
  };
}

function uniquesOf({ tables }: Frame): readonly UniqueWithTenant[] {
  return tables.flatMap(({ table, uniques }) => uniques.map((u) => ({ table, ...u })));
}

/** What must not be there yet: tables, indexes and functions, as `schema.name`. */
function createdNames(frame: Frame): readonly string[] {
  const { plan, artifacts } = frame;
  const created = ownTables(frame).map((t) => t.table);
  const functions = sqlEntries(plan).flatMap(({ spec }) =>
    createdFunctions(artifactText(artifacts, spec.file)).map((f) => qualified(f.name)),
  );
  return [...new Set([...created, ...indexNames(frame), ...functions])];
}
