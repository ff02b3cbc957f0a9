import { done } from '../../src/core/evidence';
import { CutoverError } from '../../src/core/failure';
import { goBack } from '../configure/live';
import { type Staged } from '../configure/config-store';
import { configStore } from '../configure/store';
import { switchBack, switchLive } from '../configure/switch-live';
import type { StepHandler, VerbContext } from '../context';
import type { Resources } from '../resources';

/**
 * Writes the future file beside the live one, where nobody reads it. It goes live in the switch: inside the freeze
 * (configure/live.ts), or by a step of this kind with `live`. Captures `staged`: hashes and names of keys, never values.
 */
export function configStep(resources: Resources): StepHandler<'config'> {
  return {
    do: async (context) => {
      const { args, step, run } = context;
      if ('live' in args) return switchLive(resources, context, args.live);
      refuseControl(args.set);
      const store = configStore(resources, step.target);
      const staged = await captured(resources, context, args.set);
      await store.stage(run.id, { set: args.set }, staged);
      const names = staged.keys.join(', ');
      return done(
        staged.sha256Before === staged.sha256After
          ? `${step.target} has ${names} as they should be already`
          : `${names} staged beside ${step.target}; live only in the switch`,
        { keys: staged.keys.length, before: staged.sha256Before.slice(0, 12), after: staged.sha256After.slice(0, 12) },
      );
    },
    undo: async (context) => {
      const { args, step, run } = context;
      if ('live' in args) return switchBack(resources, context, args.live);
      const staged = await captured(resources, context, args.set);
      await goBack(resources, { run: run.id, staged });
      await configStore(resources, step.target).unstage(run.id, staged);
      return done(`${step.target} is as it was; what was staged is gone`);
    },
  };
}

/** An undo without a do has nothing captured: then what is live now is what was live before. */
function captured(
  resources: Resources,
  { capture, step }: VerbContext<'config'>,
  set: Readonly<Record<string, string>>,
): Promise<Staged> {
  return capture<Staged>('staged', () => configStore(resources, step.target).plan({ set }));
}

function refuseControl(set: Readonly<Record<string, string>>): void {
  for (const [key, value] of Object.entries(set)) {
    if (/[\u0000-\u001f\u007f]/.test(value) || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(key)) {
      throw new CutoverError(
        'Misconfigured',
        `The value of ${key} must be one line without control characters; correct the plan.`,
      );
    }
  }
}
