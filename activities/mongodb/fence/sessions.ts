import type { Db } from 'mongodb';
import { CutoverError, describeError } from '../../../src/core/failure';
import type { AppUser } from './ground';

/**
 * Ends what the application's user has begun. A transaction that was open when the fence closed would otherwise commit
 * after it: committing asks for no right to write.
 */
export async function endSessionsOf(db: Db, app: AppUser): Promise<void> {
  try {
    await db.client.db('admin').command({ killAllSessions: [{ user: app.user, db: app.db }] });
  } catch (error) {
    throw new CutoverError(
      'FreezeFailed',
      `The sessions of the application's user ${app.user} cannot be ended, so that a transaction of theirs could commit behind the fence. Give the tool's user the privilege killAnySession. ${describeError(error)}`,
      { cause: error },
    );
  }
}
