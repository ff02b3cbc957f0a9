import type { Db, Document } from 'mongodb';
import { codeOf } from './duplicate-key';
import { collectionOptions } from './validator';

/** Sends the command `create` unless there is a collection of its name. Twice is once. */
export async function createUnlessThere(db: Db, command: Document): Promise<void> {
  if (await collectionOptions(db, String(command['create']))) return;
  try {
    await db.command({ ...command });
  } catch (error) {
    // An earlier attempt's whose answer was lost, or the application's; the proof looks at what is there.
    if (codeOf(error) !== NAMESPACE_EXISTS) throw error;
  }
}

const NAMESPACE_EXISTS = 48;
