import type { Step } from '../core/step';
import { artifactText } from './artifacts';
import { sqlEntries } from './entries';
import { DUMP_STEP, indexNames, ownTables, PREFLIGHT_STEP, type Frame } from './frame';
import { qualified } from './identifiers';
import { createdFunctions } from './sql/created';

/** Preflight and backup. */
export function compilePreparation(frame: Frame): readonly Step[] {
  const { plan } = frame;
  return [
    {
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
        flag: frame.flag,
        scratch: plan.backup.scratch,
        store: plan.backup.store,
        maxTransactionAgeMs: plan.preflight.maxTransactionAge,
        watch: plan.watch,
      },
    },
    {
      id: DUMP_STEP,
      phase: 'backup',
      kind: 'backup',
      target: plan.home,
      title: `Dump ${plan.home} into the store ${plan.backup.store}, with a manifest from the same snapshot.`,
      args: { store: plan.backup.store, exclude: ['cutover'] },
    },
    {
      id: 'backup/drill',
      phase: 'backup',
      kind: 'drill',
      target: plan.home,
      title: `Restore that backup into ${plan.backup.scratch} and compare every table with the manifest.`,
      args: { backup: DUMP_STEP, scratch: plan.backup.scratch },
    },
  ];
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
