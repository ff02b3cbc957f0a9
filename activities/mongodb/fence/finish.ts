import { done, evidenceOf, type Check, type Evidence } from '../../../src/core/evidence';
import { CutoverError, describeError } from '../../../src/core/failure';
import type { FenceDocument } from './control';
import type { Held } from './held';
import { openToNew } from './open-fence';
import { startWriters } from './writers';

/** Written into the control document together with the switch: a later attempt tells the same story. */
export interface Proof {
  readonly checks: readonly Check[];
  readonly figures: Readonly<Record<string, number | string>>;
}

/**
 * After the switch is committed there is only forward: open, start the writers, say what was. Whoever comes later begins
 * here; each part is harmless twice.
 */
export async function finish(held: Held, freeze: string): Promise<Evidence> {
  const { context, control, link, resources, by } = held;
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(PATIENCE_MS)]);
  const switched = await required(held, freeze);
  if (switched.state === 'switched') await openToNew(control, { db: link.db, resources, signal }, switched, by);
  const errors = await startWriters(resources, context.args.quiet, switched.stopped, context.signal);
  if (errors.length > 0)
    throw new CutoverError(
      'CommandFailed',
      `The switch is committed and the fence is open, but a writer was not started again: ${errors.map(describeError).join('; ')}`,
    );
  await control.settle(freeze);
  return evidence(held, await required(held, freeze));
}

async function required({ control }: Held, freeze: string): Promise<FenceDocument> {
  const found = await control.read();
  if (found?.freeze === freeze && (found.state === 'switched' || found.state === 'open')) return found;
  throw new CutoverError(
    'Refused',
    `The control document of ${control.target} is no longer the one of the committed switch; see \`cutover fence status\`.`,
  );
}

function evidence({ context }: Held, found: FenceDocument): Evidence {
  const { args } = context;
  const proof = JSON.parse(found.proof ?? 'null') as Proof | null;
  const heldMs = heldOf(found);
  const figures = {
    ...proof?.figures,
    heldMs,
    budgetMs: args.budgetMs,
    ...(args.announcedMs === undefined ? {} : { announcedMs: args.announcedMs }),
    ...(found.openedBy === `run ${found.run}` ? {} : { openedBy: found.openedBy ?? 'nobody said' }),
  };
  const announced = args.announcedMs === undefined ? '' : ` of ${args.announcedMs} ms announced`;
  const summary = `switched over ${found.tables.length} collections behind fence ${found.spec.mechanism}, writes refused for ${heldMs} ms${announced}`;
  return proof ? evidenceOf(summary, proof.checks, figures) : done(summary, figures);
}

/** From the moment the fence began to close to the one it was open again. Milliseconds. */
export function heldOf({ closedAt, openedAt }: FenceDocument): number {
  return closedAt && openedAt ? openedAt.getTime() - closedAt.getTime() : 0;
}

const PATIENCE_MS = 60_000;
