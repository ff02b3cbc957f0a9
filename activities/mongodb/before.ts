import type { Db, Document } from 'mongodb';
import { insertMissing } from './insert-missing';
import { amongIds, EXACT } from './ids';

/** What a document held in the key's place before the run: null, "", another type, or a key. Absent = no row here. */
export interface Before {
  readonly id: unknown;
  readonly old: unknown;
}

export interface BeforeOf {
  readonly lane: Db;
  readonly run: string;
  readonly table: string;
}

/** Write-once, by document: what is there is the first value that this run ever saw, and the undo puts it back. */
export async function remember({ lane, run, table }: BeforeOf, docs: readonly Before[]): Promise<void> {
  await insertMissing(
    lane.collection<Document>(BEFORE),
    docs.map(({ id, old }) => ({ _id: { run, table, id }, old })),
  );
}

/** Those of these documents that held something. */
export async function recalled({ lane, run, table }: BeforeOf, ids: readonly unknown[]): Promise<readonly Before[]> {
  const found: Before[] = [];
  for (const filter of amongIds(ids.map((id) => ({ run, table, id }))))
    for await (const { _id, old } of lane.collection<Document>(BEFORE).find(filter, EXACT))
      found.push({ id: (_id as { readonly id: unknown }).id, old });
  return found;
}

export async function countRemembered({ lane, run, table }: BeforeOf): Promise<number> {
  return lane.collection(BEFORE).countDocuments({ '_id.run': run, '_id.table': table });
}

const BEFORE = 'before';
