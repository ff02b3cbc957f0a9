import { ObjectId, type Db } from 'mongodb';
import { codeOf } from './duplicate-key';
import { collMod, requiredKey } from './validator';

export interface Honoured {
  /** `warn` lets a document pass that the validator does not. */
  readonly warn: boolean;
  /** `error` refuses it. */
  readonly error: boolean;
}

/** Tried on a collection of the tool's own that is dropped again: what a version takes is not always what it does. */
export async function validatorsHonoured(lane: Db): Promise<Honoured> {
  const table = `validator_probe_${new ObjectId().toHexString()}`;
  const base = { validator: requiredKey('key'), validationLevel: 'moderate' } as const;
  await lane.createCollection(table);
  try {
    await lane.command(collMod(table, { ...base, validationAction: 'warn' }));
    const warn = await accepts(lane, table);
    await lane.command(collMod(table, { ...base, validationAction: 'error' }));
    return { warn, error: !(await accepts(lane, table)) };
  } finally {
    await lane.dropCollection(table);
  }
}

async function accepts(lane: Db, table: string): Promise<boolean> {
  try {
    await lane.collection(table).insertOne({ other: 1 });
    return true;
  } catch (error) {
    if (codeOf(error) === DOCUMENT_VALIDATION_FAILURE) return false;
    throw error;
  }
}

const DOCUMENT_VALIDATION_FAILURE = 121;
