import type { Db } from 'mongodb';

/** The server's clock as ledger rows carry it: UTC, milliseconds. */
export async function serverClock(db: Db): Promise<string> {
  const { localTime } = (await db.command({ hello: 1 })) as { readonly localTime: Date };
  return localTime.toISOString();
}
