import { CutoverError } from '../../src/core/failure';
import type { FreezeArgs, QueueFreeze } from '../../src/core/freeze-args';
import type { Captured, Rule } from '../../src/core/tenancy-args';
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

/** The only rule that PostgreSQL stamps by in this version: the checker refuses the others by name. */
export function constantTenant(rule: Rule): Captured {
  if (rule.kind === 'constant') return rule.tenant;
  throw new CutoverError(
    'Misconfigured',
    `The rule ${rule.kind} is not one of PostgreSQL in this version: every row becomes the default tenant's.`,
  );
}
