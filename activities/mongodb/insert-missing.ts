import { MongoBulkWriteError, type Collection, type Document } from 'mongodb';

/** Inserts those whose `_id` is not there yet. A second time, or from two workers at once, it changes nothing. */
export async function insertMissing(collection: Collection, documents: readonly Document[]): Promise<void> {
  if (documents.length === 0) return;
  try {
    await collection.insertMany([...documents], { ordered: false });
  } catch (error) {
    if (!(error instanceof MongoBulkWriteError)) throw error;
    const faults = Array.isArray(error.writeErrors) ? error.writeErrors : [error.writeErrors];
    if (faults.length === 0 || !faults.every(({ code }) => code === DUPLICATE_KEY)) throw error;
  }
}

const DUPLICATE_KEY = 11_000;
