import { CutoverError } from '../../../src/core/failure';
import type { LedgerRow } from '../../../src/core/ledger-row';
import type { CompiledPlan } from '../../../src/core/plan';
import type { RestoreInput } from '../../../src/core/restore';
import type { RunRef } from '../../../src/core/verb';
import type { Resources } from '../../resources';
import { locateBackup, type Located } from '../backup/locate';
import { requireCapture } from '../lane/capture';
import { ledgerRows } from '../lane/documents';
import { ledgerIn } from '../lane/ledger';
import { readLedger } from '../ask';
import type { MongoLink } from '../session';

/** The run that is asked for, by its ledger, and its backup. */
export interface Source {
  readonly run: RunRef;
  readonly plan: CompiledPlan;
  readonly rows: readonly LedgerRow[];
  readonly backup: Located;
  /** Runs that began on this database after the backup was taken. */
  readonly laterRuns: readonly string[];
}

/** @throws Refused when there is no such run, or when it has no backup that was sealed. */
export async function sourceOf(resources: Resources, input: RestoreInput, { lane }: MongoLink): Promise<Source> {
  const { home } = input;
  const { run: id } = await readLedger(resources, { home, run: input.run, afterSeq: 0, limit: 1 });
  const rows = await ledgerIn(lane).rowsAfter(id, 0, 100_000);
  const plan = rows.find(({ event }) => event === 'plan')?.body as unknown as CompiledPlan | undefined;
  const step = plan?.steps.find(({ kind }) => kind === 'backup');
  if (!plan || !step)
    throw new CutoverError('Refused', `Run ${id} has no backup step in its ledger: there is nothing to restore from.`);
  const run: RunRef = { id, plan: plan.name, planDigest: 'sha256:', home };
  const captured = {
    run,
    captured: <T>(of: { step: string; name: string }) => requireCapture(lane, { ...of, run: id }) as Promise<T>,
  };
  const backup = await locateBackup(captured as Parameters<typeof locateBackup>[0], resources, step.id);
  const later = await ledgerRows(lane)
    .find({ seq: 1, run: { $ne: id }, at: { $gt: backup.manifest.takenAt } }, { sort: { at: 1 } })
    .toArray();
  return { run, plan, rows, backup, laterRuns: later.map((row) => row.run) };
}

/** The tenant key of the plan. */
export function keyOf({ steps }: CompiledPlan): string | undefined {
  for (const step of steps) if (step.kind === 'preflight') return step.args.column;
  return undefined;
}
