import { CutoverError } from '../../../src/core/failure';
import type { Json } from '../../../src/core/json';
import type { Captured } from '../../../src/core/tenancy-args';
import type { PgSession } from '../context';

/** Write-once by primary key: whoever comes second reads what the first one took. */
export async function captureOnce<T extends Json>(
  session: PgSession,
  key: Captured & { readonly run: string },
  take: () => Promise<T>,
): Promise<T> {
  const stored = await readCapture<T>(session, key);
  if (stored !== undefined) return stored;
  const value = await take();
  await session.execute(
    `INSERT INTO cutover.capture (run_id, step, name, value) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
    [key.run, key.step, key.name, JSON.stringify(value)],
  );
  return (await readCapture<T>(session, key)) ?? value;
}

export async function requireCapture<T extends Json>(
  session: PgSession,
  key: Captured & { readonly run: string },
): Promise<T> {
  const stored = await readCapture<T>(session, key);
  if (stored === undefined)
    throw new CutoverError(
      'Refused',
      `Step ${key.step} has captured no "${key.name}" in run ${key.run}; was it skipped?`,
    );
  return stored;
}

async function readCapture<T extends Json>(
  session: PgSession,
  key: Captured & { readonly run: string },
): Promise<T | undefined> {
  const [row] = await session.query<{ value: T }>(
    `SELECT value FROM cutover.capture WHERE run_id = $1 AND step = $2 AND name = $3`,
    [key.run, key.step, key.name],
  );
  return row?.value;
}
