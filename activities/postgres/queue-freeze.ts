import { CutoverError } from '../../src/core/failure';
import type { FreezeArgs, QueueFreeze } from '../../src/core/freeze-args';
import type { PgContext } from './context';

export type QueueContext = PgContext<'freeze'> & { readonly args: QueueFreeze };

/** PostgreSQL lets writers wait: the other mode, which refuses them, is none of its own in this version. */
export function queueFreeze(args: FreezeArgs): QueueFreeze {
  if (args.mode === 'queue') return args;
  throw new CutoverError('Misconfigured', 'A freeze of mode refuse is not one of PostgreSQL; write fence: queue.');
}

export function queued(context: PgContext<'freeze'>): QueueContext {
  queueFreeze(context.args);
  return context as QueueContext;
}
