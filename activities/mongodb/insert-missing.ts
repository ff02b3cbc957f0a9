import { MongoBulkWriteError, MongoServerError, type Collection, type Document } from 'mongodb';
import { isDuplicateKey } from './duplicate-key';

/** Inserts those whose `_id` is not there yet. A second time, or from two workers at once, it changes nothing. */
export async function insertMissing(collection: Collection, documents: readonly Document[]): Promise<void> {
  if (documents.length === 0) return;
  try {
    await collection.insertMany([...documents], { ordered: false });
  } catch (error) {
    if (!(error instanceof MongoBulkWriteError)) throw error;
    const unsure = error.result.getWriteConcernError();
    if (unsure) throw new MongoServerError({ message: unsure.errmsg ?? 'no majority has it', code: unsure.code });
    const faults = Array.isArray(error.writeErrors) ? error.writeErrors : [error.writeErrors];
    if (faults.length === 0 || !faults.every(isDuplicateKey)) throw error;
  }
}
