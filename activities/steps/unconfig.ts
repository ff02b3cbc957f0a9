import { done } from '../../src/core/evidence';
import { goBack, goLive, isLive } from '../configure/live';
import { type Staged } from '../configure/config-store';
import { configStore } from '../configure/store';
import { runCommand } from '../command/run-command';
import type { StepHandler, VerbContext } from '../context';
import type { Resources } from '../resources';

/**
 * Removes keys, once `after` has proved that nobody needs them any more. What the file was is kept beside it, mode 0600,
 * for the undo. Captures `removed`.
 */
export function unconfigStep(resources: Resources): StepHandler<'unconfig'> {
  return {
    do: async (context) => {
      const { args, step, signal, progress } = context;
      const run = slot(context);
      const store = configStore(resources, step.target);
      const keys = matching([...(await store.read()).keys()], args.keys);
      if (args.after && keys.length > 0) {
        await runCommand(resources, args.after, { signal, progress: (p) => progress(p) });
      }
      const removed = await context.capture<Staged>('removed', () => store.plan({ remove: keys }));
      if (removed.keys.length === 0) return done(`${step.target} has none of ${args.keys.join(', ')}`);
      const names = removed.keys.join(', ');
      if (!(await isLive(resources, { run, staged: removed }))) {
        await store.stage(run, { remove: removed.keys }, removed);
        await goLive(resources, { run, staged: removed });
      }
      const proved = args.after ? ', which the command has proved to be needed no longer' : '';
      return done(
        `removed ${names} from ${step.target}${proved}; the file as it was is kept: ${await store.keptAt(run)}`,
        {
          keys: removed.keys.length,
        },
      );
    },
    undo: async (context) => {
      const run = slot(context);
      const store = configStore(resources, context.step.target);
      const removed = await context.capture<Staged>('removed', () => store.plan({ remove: [] }));
      await goBack(resources, { run, staged: removed });
      await store.unstage(run, removed);
      return done(
        removed.keys.length === 0
          ? 'nothing had been removed'
          : `${removed.keys.join(', ')} are back in ${removed.target}`,
      );
    },
  };
}

/** A config step of the same run may have its own files beside this one. */
function slot({ run }: VerbContext): string {
  return `unconfig-${run.id}`;
}

/** A trailing `*` stands for any end of a name. */
export function matching(there: readonly string[], patterns: readonly string[]): readonly string[] {
  return there.filter((key) =>
    patterns.some((pattern) => (pattern.endsWith('*') ? key.startsWith(pattern.slice(0, -1)) : key === pattern)),
  );
}
