import { evidenceOf, type Check } from '../../../src/core/evidence';
import { CutoverError } from '../../../src/core/failure';
import type { Json } from '../../../src/core/json';
import type { MongoTarget, Resources } from '../../resources';
import { appUserOf } from '../fence/app-user';
import { FenceControl } from '../fence/control';
import type { Fence } from '../fence/fence';
import { fenceOf } from '../fence/fence-of';
import { openProver } from '../fence/prove';
import { operationTime, startListening, type Listener } from '../fence/silence';
import { openLink } from '../link';
import type { MongoLink } from '../session';

/**
 * Keeps the application out while its database is replaced: its user loses the roles that write. Unlike the fence of a
 * freeze nobody opens it after a time: what stands behind it is half of one database and half of another.
 */
export interface Guard {
  readonly fence: Fence;
  /** What to write down before it closes. */
  capture(): Promise<Json>;
  /** Closes it, and proves as the application itself that it holds. A second time is harmless. */
  close(captured: Json, first: boolean): Promise<void>;
}

/** @throws Misconfigured when the target names no application's user; Refused when the fence of a freeze stands. */
export async function guardOf(
  resources: Resources,
  target: MongoTarget,
  link: MongoLink,
  signal: AbortSignal,
): Promise<Guard> {
  const control = await new FenceControl(link.lane, target.name).read();
  if (control && control.state !== 'open')
    throw new CutoverError(
      'Refused',
      `The fence of a freeze of run ${control.run} stands on ${target.name} (${control.state}); see \`cutover fence status\`, then \`cutover fence open\`. Nothing was done.`,
    );
  const app = appUserOf(target);
  const fence = fenceOf({ mechanism: 'role' }, { db: link.db, tables: [], ...(app ? { app } : {}), resources, signal });
  const close = async (captured: Json, first: boolean): Promise<void> => {
    const table = await anyCollection(link);
    await using theirs = await openLink(target, { appName: 'cutover/restore', asApp: true, signal });
    const prover = table === undefined ? undefined : await openProver({ app: theirs, db: link.db, table });
    if (first)
      requirePass(
        'The application may not write as it is, so that a refusal would prove nothing',
        (await prover?.before()) ?? [],
      );
    await fence.close(captured);
    if (!(await fence.isClosed(captured)))
      throw new CutoverError(
        'FreezeFailed',
        "The application's user has its roles although they were taken; nothing was restored.",
      );
    requirePass('The fence does not hold on this server', (await prover?.after(fence)) ?? []);
  };
  return { fence, capture: () => fence.capture(), close };
}

/** Who else writes is heard, from when the fence stands. */
export async function listenBehind(
  link: MongoLink,
  signal: AbortSignal,
): Promise<AsyncDisposable & { requireSilence(): Promise<void> }> {
  const listener: Listener = await startListening(link.db);
  const since = await operationTime(link.db);
  return {
    requireSilence: async () => {
      const noise = await listener.listen(since, QUIET_MS, signal);
      if (noise.length === 0) return;
      const named = [...new Set(noise.map(({ table, operation }) => `${operation} in ${table}`))];
      throw new CutoverError(
        'Refused',
        `Somebody other than the application's user still writes: ${named.slice(0, 8).join(', ')}. Stop that writer, look at the list again and approve it; nothing was restored.`,
      );
    },
    [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose](),
  };
}

const QUIET_MS = 1_000;

/** None where the database is empty: there is nothing to write into, and the user's roles are looked at all the same. */
async function anyCollection({ db }: MongoLink): Promise<string | undefined> {
  const listed = await db.listCollections({ type: 'collection' }, { nameOnly: true }).toArray();
  return listed.map(({ name }) => name).find((name) => !name.startsWith('system.'));
}

function requirePass(what: string, checks: readonly Check[]): void {
  if (checks.every(({ verdict }) => verdict === 'pass')) return;
  throw new CutoverError('FreezeFailed', `${evidenceOf(what, checks).summary} Nothing was restored.`);
}
