import { done, type Evidence } from '../../src/core/evidence';
import type { Captured } from '../../src/core/tenancy-args';
import type { VerbContext } from '../context';
import type { Resources } from '../resources';
import type { Staged } from './config-store';
import { goBack, goLive } from './live';
import { stagedBy } from './staged-by';

type Context = Pick<VerbContext, 'run' | 'captured'>;

/**
 * Going live as a step of its own, for a home whose freeze is one transaction of the database. Harmless when done twice.
 *
 * @throws CutoverError Refused when nothing was staged, or somebody edited the live values since.
 */
export async function switchLive(resources: Resources, context: Context, reference: Captured): Promise<Evidence> {
  const staged = await context.captured<Staged>(reference);
  const { target, keys, already } = await goLive(resources, { run: context.run.id, staged });
  const names = keys.join(', ');
  const summary = already ? `${target} has ${names} live already` : `${target} has ${names} live from now on`;
  return done(summary, { keys: keys.length, live: staged.sha256After.slice(0, 12) });
}

/** What was live before is live again; the change stays staged until the undo of the step that staged it. */
export async function switchBack(resources: Resources, context: Context, reference: Captured): Promise<Evidence> {
  const staged = await stagedBy(context, reference);
  if (!staged) return done(`${reference.step} has staged nothing: nothing to put back`);
  const { target, already } = await goBack(resources, { run: context.run.id, staged });
  return done(already ? `${target} is as it was` : `${target} is as it was again`, {
    keys: staged.keys.length,
    live: staged.sha256Before.slice(0, 12),
  });
}
