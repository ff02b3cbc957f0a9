import { randomUUID } from 'node:crypto';
import { done, evidenceOf, type Evidence } from '../../../src/core/evidence';
import { CutoverError } from '../../../src/core/failure';
import { closeFence, type Closed } from './close-fence';
import { heldOf } from './finish';
import { frozen } from './forward';
import type { Held } from './held';
import { keepKeysOfOthers } from './keep-keys';
import { openToOld } from './open-fence';
import { putBack } from './put-back';
import type { TableChecks } from './shape';
import { startWriters } from './writers';

/** The switch back, under a fence of its own: the previous build never sees a write of the new one half done. */
export async function freezeBack(held: Held): Promise<Evidence> {
  const { context, control } = held;
  const { args } = context;
  const shape = await context.captured<readonly (TableChecks & Record<string, string>)[]>({
    step: context.step.id,
    name: 'shape',
  });
  const freeze = randomUUID();
  let [closed, keysKept] = [undefined as Closed | undefined, 0];
  try {
    closed = await closeFence(held, { freeze, direction: 'back', acts: args.switch.length, lost: 0, shape });
    keysKept = await keepKeysOfOthers(held, closed.signal);
  } catch (error) {
    const failed = await leaveAsItWas(held, freeze);
    context.signal.throwIfAborted();
    throw frozen(held, error, { failed });
  }
  const { watchdog, checks } = closed;
  const back = await putBack(held, freeze, { acts: true });
  if (back.kind === 'back' && back.failed.length > 0)
    throw new CutoverError('FreezeFailed', `The switch back is not complete: ${back.failed.join('; ')}.`);
  const found = await control.read();
  return evidenceOf(
    `switched back over ${args.tables.length} collections behind fence ${args.fence.mechanism}`,
    checks,
    {
      tables: args.tables.length,
      keysKept,
      heldMs: found ? heldOf(found) : 0,
      refused: checks.filter(({ observed }) => observed.startsWith('refused')).length,
      watchdogPid: watchdog.pid,
    },
  );
}

/** The build that runs goes on, with its writers; the switch back is not settled, and can be begun anew. */
export async function leaveAsItWas(held: Held, freeze: string): Promise<readonly string[]> {
  const { context, control, link, resources, by } = held;
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const found = await control.read();
  if (found?.freeze !== freeze) return [];
  await openToOld(control, { db: link.db, resources, signal }, { freeze, when: 'now', by });
  const errors = await startWriters(resources, context.args.quiet, found.stopped, signal);
  return errors.length === 0 ? [] : ['a writer was not started again'];
}

export function nothingToSwitchBack(): Evidence {
  return done('The switch was never committed: nothing to switch back.');
}

const PATIENCE_MS = 60_000;
