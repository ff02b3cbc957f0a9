import { targetOf } from '../target-of';
import { done } from '../../src/core/evidence';
import { currentBuild } from '../deploy/builds';
import { deployBuild } from '../deploy/service';
import type { StepHandler } from '../context';
import type { Resources } from '../resources';

/** A build of a service. Captures `previous`, the build that ran; undo is that one again. */
export function deployStep(resources: Resources): StepHandler<'deploy'> {
  return {
    do: async (context) => {
      const { args, signal } = context;
      const previous = await context.capture('previous', () =>
        currentBuild(targetOf(resources, args.service, 'service')),
      );
      const { already, ms } = await deployBuild(resources, args, { signal, progress: (p) => context.progress(p) });
      const how = already ? 'runs already' : `runs; before it ran ${previous}`;
      return done(`${args.service}: ${args.build} ${how}, healthy`, { build: args.build, previous, ms });
    },
    undo: async (context) => {
      const { args, signal } = context;
      // Where the do never came so far, what runs now is what ran before.
      const previous = await context.capture('previous', () =>
        currentBuild(targetOf(resources, args.service, 'service')),
      );
      const back = { ...args, build: previous };
      const { already, ms } = await deployBuild(resources, back, { signal, progress: (p) => context.progress(p) });
      return done(`${args.service}: ${previous} ${already ? 'runs' : 'runs again'}, healthy`, { build: previous, ms });
    },
  };
}
