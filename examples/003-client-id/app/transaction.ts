import type { Pool, PoolClient } from 'pg';
import { breaksConnection, commitFailure, Failure, isShapeChange, refusal } from './failures';
import { prepareAnew } from './prepared';

/**
 * Runs `work` in one transaction and commits it. Throws a Failure whose outcome is honest: `refused` only when nothing can
 * have been committed. A change of the schema under our feet is met once, with a new transaction and new prepared statements.
 */
export async function inTransaction<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  try {
    return await attempt(pool, work);
  } catch (error) {
    if (!(error instanceof Failure) || !isShapeChange(error.cause)) throw error;
    prepareAnew();
    return attempt(pool, work);
  }
}

async function attempt<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect().catch((error: unknown) => {
    throw refusal(error);
  });
  let failure: unknown;
  try {
    const result = await upToCommit(client, work);
    await commit(client);
    return result;
  } catch (error) {
    failure = error;
    throw error;
  } finally {
    client.release(failure !== undefined && breaksConnection(failure));
  }
}

async function upToCommit<T>(client: PoolClient, work: (client: PoolClient) => Promise<T>): Promise<T> {
  try {
    await client.query('BEGIN');
    return await work(client);
  } catch (error) {
    if (!breaksConnection(error)) await client.query('ROLLBACK').catch(() => undefined);
    throw refusal(error);
  }
}

/** COMMIT of a transaction that the server has already given up answers ROLLBACK, without an error. */
async function commit(client: PoolClient): Promise<void> {
  const { command } = await client.query('COMMIT').catch((error: unknown) => {
    throw commitFailure(error);
  });
  if (command !== 'COMMIT') throw new Failure({ status: 503, message: `The server answered COMMIT with ${command}.` });
}
