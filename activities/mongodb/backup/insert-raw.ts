import { createRequire } from 'node:module';
import type { Db } from 'mongodb';
import { CutoverError } from '../../../src/core/failure';

/** How the driver itself sends documents beside a command: bytes as they are. */
interface DocumentSequence {
  push(document: unknown, raw: Uint8Array): number;
}

/**
 * Internal to the driver, whose version package.json pins: its public calls decode and encode again, which loses
 * duplicate names, undefined, DBRefs with fields in another order, and NaN payloads.
 */
const { DocumentSequence } = createRequire(__filename)('mongodb/lib/cmap/commands') as {
  readonly DocumentSequence: new (field: string) => DocumentSequence;
};

/**
 * Inserts documents byte for byte; each has an `_id`.
 *
 * @throws Refused with the server's first objection; documents before it are in.
 */
export async function insertRaw(db: Db, collection: string, documents: readonly Buffer[]): Promise<void> {
  if (documents.length === 0) return;
  const sequence = new DocumentSequence('documents');
  for (const document of documents) sequence.push(EMPTY, document);
  const answer = await db.command({
    insert: collection,
    ordered: true,
    writeConcern: { w: 'majority', j: true },
    documents: sequence,
  });
  const { n, writeErrors } = answer as {
    readonly n?: number;
    readonly writeErrors?: readonly { readonly code?: number; readonly errmsg?: string }[];
  };
  if (writeErrors === undefined && n === documents.length) return;
  const first = writeErrors?.[0];
  throw new CutoverError(
    'Refused',
    `${collection} takes ${n ?? 0} of ${documents.length} documents; the server objects: error ${first?.code ?? '?'} ${(first?.errmsg ?? '').split(/[:{]/)[0] ?? ''}`.trim() +
      '.',
  );
}

const EMPTY = {};
