import type { Db } from 'mongodb';
import type { RunRef } from '../../../src/core/verb';
import type { LedgerStore } from '../../lane/ledger-store';
import { ledgerRows } from './documents';

/** The run of the same plan that came last before this one. Run ids are `<plan>.<8 hex>`. */
export async function newestRunBefore(lane: Db, _store: LedgerStore, run: RunRef): Promise<string | undefined> {
  const [newest] = await ledgerRows(lane)
    .aggregate<{ readonly _id: string }>([
      { $match: { run: { $ne: run.id }, seq: 1 } },
      { $sort: { at: -1 } },
      { $project: { _id: '$run' } },
    ])
    .toArray()
    .then((rows) => rows.filter(({ _id }) => _id.startsWith(`${run.plan}.`)));
  return newest?._id;
}
