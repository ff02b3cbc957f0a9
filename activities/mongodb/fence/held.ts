import type { ChildProcess } from 'node:child_process';
import { CutoverError } from '../../../src/core/failure';
import type { RefuseFreeze } from '../../../src/core/freeze-args';
import type { MongoTarget, Resources } from '../../resources';
import type { MongoContext } from '../context';
import { openMongo, type MongoLink } from '../session';
import { appUserOf } from './app-user';
import { FenceControl } from './control';
import type { FenceGround } from './ground';
import { dismiss } from './start-watchdog';

/** Of a freeze that refuses, which is the only one there is here. */
export type FreezeContext = Omit<MongoContext<'freeze'>, 'args'> & { readonly args: RefuseFreeze };

/** What a freeze and its way back work with. The link outlives a cancellation: what is closed must be opened all the same. */
export interface Held {
  readonly context: FreezeContext;
  readonly resources: Resources;
  readonly target: MongoTarget;
  readonly link: MongoLink;
  readonly control: FenceControl;
  /** Who opens, in words. */
  readonly by: string;
  /** Watchdogs of this attempt: dismissed when the freeze is open and all is settled, left alone otherwise. */
  readonly watchdogs: ChildProcess[];
  ground(signal: AbortSignal): FenceGround;
}

export async function hold<T>(
  resources: Resources,
  context: FreezeContext,
  work: (held: Held) => Promise<T>,
): Promise<T> {
  const target = resources.target(context.step.target);
  if (target.kind !== 'mongodb')
    throw new CutoverError('Misconfigured', `Target "${target.name}" of the freeze is no MongoDB database.`);
  const { args, run } = context;
  await using link = await openMongo({ url: target.url(), appName: `cutover/${run.id.slice(-80)}/freeze` });
  const app = appUserOf(target);
  const tables = args.tables.map(({ table }) => table);
  const control = new FenceControl(link.lane, target.name);
  const watchdogs: ChildProcess[] = [];
  try {
    return await work({
      ...{ context, resources, target, link, control, watchdogs },
      by: `run ${run.id}`,
      ground: (signal) => ({ db: link.db, tables, ...(app ? { app } : {}), resources, signal }),
    });
  } finally {
    const found = await control.read().catch(() => undefined);
    if (found?.state === 'open' && found.settled) await Promise.all(watchdogs.map(dismiss));
  }
}
