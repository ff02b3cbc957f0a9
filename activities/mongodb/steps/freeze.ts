import { FREEZE_TRIES } from '../../../src/core/activity-options';
import { done } from '../../../src/core/evidence';
import { CutoverError } from '../../../src/core/failure';
import type { RefuseFreeze } from '../../../src/core/freeze-args';
import type { StepOf } from '../../../src/core/step';
import type { Resources } from '../../resources';
import type { MongoContext, MongoStepHandler } from '../context';
import { freezeBack, leaveAsItWas, nothingToSwitchBack } from '../fence/back';
import type { FenceDocument } from '../fence/control';
import { finish } from '../fence/finish';
import { freezeForward } from '../fence/forward';
import { hold, type FreezeContext, type Held } from '../fence/held';
import { putBack } from '../fence/put-back';

/**
 * The freeze: writes are refused from the fence to the opening, and what was between is either all there or all undone.
 * Where it stands is in the control document; an attempt reads that first and goes on from there.
 */
export function freezeStep(resources: Resources): MongoStepHandler<'freeze'> {
  return {
    do: async (context) => {
      const evidence = await hold(resources, refusing(context), forward);
      return context.commit(async () => evidence);
    },
    undo: async (context) => {
      const evidence = await hold(resources, refusing(context), backward);
      return context.commit(async () => evidence);
    },
  };
}

async function forward(held: Held) {
  const found = await own(held);
  if (found && committed(found)) return finish(held, found.freeze);
  const lost = await resolveLost(held, found);
  if (lost > 1)
    throw new CutoverError(
      'FreezeFailed',
      'Two freezes were lost with their worker. Everything was put back; find out why workers die before you retry.',
    );
  if (held.context.attempt > FREEZE_TRIES)
    throw new CutoverError(
      'FreezeFailed',
      `${FREEZE_TRIES} freezes were lost with their workers or their connections, none of them behind the commit of its switch: all is as before. Find out why, then \`cutover retry\` (a new freeze) or \`cutover rollback\`.`,
    );
  return freezeForward(held, lost);
}

/** How many freezes of this round ended without a word of theirs. The last one is put back first. */
async function resolveLost(held: Held, found: FenceDocument | undefined): Promise<number> {
  if (!found || found.settled) return 0;
  const back = await putBack(held, found.freeze, { acts: true });
  if (back.kind === 'back' && back.failed.length > 0)
    throw new CutoverError(
      'FreezeFailed',
      `An earlier freeze was lost with its worker and could not all be put back: ${back.failed.join('; ')}.`,
    );
  return found.round === held.context.round && found.direction === 'forward' ? found.lost + 1 : 0;
}

async function backward(held: Held) {
  const found = await own(held);
  if (!found) return nothingToSwitchBack();
  if (found.direction === 'back') {
    if (found.settled) return done('Everything was switched back already.');
    // Lost with its worker, perhaps before its fence was closed: all of it once more, archive first, behind a new one.
    if (found.state !== 'open') await leaveAsItWas(held, found.freeze);
    return freezeBack(held);
  }
  if (committed(found)) {
    if (!found.settled) await finish(held, found.freeze);
    return freezeBack(held);
  }
  await resolveLost(held, found);
  return nothingToSwitchBack();
}

/** The control document, when it is of this step of this run. Another's that is not open stops us. */
async function own({ control, context }: Held): Promise<FenceDocument | undefined> {
  const found = await control.read();
  if (!found || (found.run === context.run.id && found.step === context.step.id)) return found;
  if (found.state === 'open') return undefined;
  throw new CutoverError(
    'Refused',
    `A fence of run ${found.run} stands on target ${control.target} (${found.state}). Its own run opens it, or \`cutover fence open --target ${control.target}\`.`,
  );
}

function committed({ direction, state, outcome }: FenceDocument): boolean {
  return direction === 'forward' && (state === 'switched' || outcome === 'new');
}

function refusing(context: MongoContext<'freeze'>): FreezeContext {
  const { args, step } = context;
  if (args.mode === 'refuse')
    return { ...context, args, step: step as StepOf<'freeze'> & { readonly args: RefuseFreeze } };
  throw new CutoverError(
    'Misconfigured',
    'A freeze of mode `queue` waits in locks, which MongoDB has not; write `fence: refuse` and a mechanism in the plan.',
  );
}
