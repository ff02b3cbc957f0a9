import type { Json } from '../../../src/core/json';
import type { VerbInput } from '../../../src/core/verb';
import type { MongoLink } from '../session';

export interface Operation {
  readonly status: 'completed' | 'failed';
  readonly details: Json;
}

/**
 * Fills the runbook's own log of operations beside the ledger, for people who look there: after the commit, so that a
 * validator of that collection, or a fence, can never undo the effect. A worker killed right between the two leaves the
 * ledger's row only. No collection, no document; a second time finds its `_id`.
 */
export async function logOperation(
  { db }: Pick<MongoLink, 'db'>,
  input: VerbInput,
  operation: Operation,
): Promise<void> {
  const { log, run, step, verb, round } = input;
  if (!log) return;
  const [there] = await db.listCollections({ name: log.table }, { nameOnly: true }).toArray();
  if (!there) return;
  const document = {
    phase: log.phase,
    operation: verb === 'undo' ? `undo ${step.id}` : step.id,
    status: operation.status,
    details: operation.details,
    at: new Date(),
  };
  await db
    .collection<{ _id: string }>(log.table)
    .updateOne(
      { _id: `${run.id}/${step.id}/${verb}/${round}/${operation.status}` },
      { $setOnInsert: document },
      { upsert: true },
    );
}
