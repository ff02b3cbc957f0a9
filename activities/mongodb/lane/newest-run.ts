import type { Db } from 'mongodb';
import type { RunRef } from '../../../src/core/verb';
import type { LedgerStore } from '../../lane/ledger-store';
import { ledgerRows } from './documents';

/**
 * The run of the same plan that came to its end last before this one, or was restored last. One that was refused or
 * aborted has not: it would make people forget the rollback before it. Run ids are `<plan>.<8 hex>`.
 */
export async function newestRunBefore(lane: Db, _store: LedgerStore, run: RunRef): Promise<string | undefined> {
  const ended = { event: 'finished' as const, body: /"outcome":"(done|rolled-back)"/ };
  const rows = ledgerRows(lane).find(
    { run: { $ne: run.id }, $or: [ended, { body: /"word":"restored"/ }] },
    { projection: { run: 1 }, sort: { at: -1 } },
  );
  for await (const found of rows) if (found.run.startsWith(`${run.plan}.`)) return found.run;
  return undefined;
}
