import { targetOf } from '../target-of';
import { done } from '../../src/core/evidence';
import type { DeployArgs } from '../../src/core/outside-args';
import { currentBuild } from '../deploy/builds';
import { switchBack } from '../configure/switch-live';
import { deployBuild } from '../deploy/service';
import type { StepHandler } from '../context';
import type { Resources } from '../resources';

/**
 * A build of a service. Captures `previous`, the build that ran; undo is that one again, with the configuration that it
 * had: the steps that made the new one live are undone later, and then find it put back.
 */
export function deployStep(resources: Resources): StepHandler<'deploy'> {
  return {
    do: async (context) => {
      const { args, signal } = context;
      const previous = await context.capture('previous', () =>
        currentBuild(targetOf(resources, args.service, 'service')),
      );
      const options = { signal, previous, progress: context.progress, reread: onlyConfigured(args, previous) };
      const { already, ms } = await deployBuild(resources, args, options);
      const how = already ? 'runs already' : `runs; before it ran ${previous}`;
      return done(`${args.service}: ${args.build} ${how}, healthy`, { build: args.build, previous, ms });
    },
    undo: async (context) => {
      const { args, signal } = context;
      for (const reference of args.config ?? []) await switchBack(resources, context, reference);
      // Where the do never came so far, what runs now is what ran before.
      const previous = await context.capture('previous', () =>
        currentBuild(targetOf(resources, args.service, 'service')),
      );
      const back = { ...args, build: previous };
      const reread = onlyConfigured(args, previous);
      const { already, ms } = await deployBuild(resources, back, { signal, progress: context.progress, reread });
      return done(`${args.service}: ${previous} ${already ? 'runs' : 'runs again'}, healthy`, { build: previous, ms });
    },
  };
}

/** The build stays and its configuration changed: only a restart makes that count. A second restart does no harm. */
function onlyConfigured({ build, config = [] }: DeployArgs, previous: string): boolean {
  return build === previous && config.length > 0;
}
