import { targetOf } from '../target-of';
import { CutoverError } from '../../src/core/failure';
import type { DeployArgs } from '../../src/core/outside-args';
import { runCommand } from '../command/run-command';
import type { Progress } from '../context';
import type { Resources } from '../resources';
import { currentBuild, requireBuild, setBuild } from './builds';
import { askHealth, waitHealthy } from './healthy';

export interface DeployOptions {
  readonly signal: AbortSignal;
  progress?(progress: Progress): void;
  /** The build that a rollback would bring back, for whoever reads of a failure; absent where this is the way back. */
  readonly previous?: string;
  /** What it reads at its start has changed: a build that runs already is restarted too. */
  readonly reread?: boolean;
}

export interface Deployed {
  readonly service: string;
  readonly build: string;
  /** The build that the link named when this was called. */
  readonly from: string;
  /** It ran and was healthy already: nothing was done. */
  readonly already: boolean;
  readonly ms: number;
}

/**
 * Makes a build the one that runs: turns the link, restarts, waits until the service answers 200 and names the build.
 * Looks first, so a second call is harmless.
 *
 * @throws CutoverError CommandFailed with the last answer when it does not become healthy within `timeoutMs`; the link
 * then names the new build, and only an undo turns it back.
 */
export async function deployBuild(resources: Resources, args: DeployArgs, options: DeployOptions): Promise<Deployed> {
  const startedAt = performance.now();
  const service = targetOf(resources, args.service, 'service');
  const { signal } = options;
  await requireBuild(service, args.build);
  const from = await currentBuild(service);
  const answer = (already: boolean): Deployed => ({
    service: service.name,
    build: args.build,
    from,
    already,
    ms: Math.round(performance.now() - startedAt),
  });
  if (from === args.build && options.reread !== true) {
    const now = await askHealth(resources, service, args.build, { signal, timeoutMs: Math.min(args.timeoutMs, 5_000) });
    if (now.healthy) return answer(true);
  } else if (from !== args.build) {
    await setBuild(service, args.build);
  }
  options.progress?.({ doing: `restarts ${service.name} as ${args.build}` });
  await restartService(resources, service.name, { ...options, timeoutMs: args.timeoutMs });
  options.progress?.({ doing: `waits until ${service.name} is healthy as ${args.build}` });
  const until = startedAt + args.timeoutMs;
  const health = await waitHealthy(resources, service, { build: args.build, signal, until });
  if (health.healthy) return answer(false);
  const back = options.previous === undefined ? '' : `, \`cutover rollback\` brings ${options.previous} back`;
  throw new CutoverError(
    'CommandFailed',
    `${service.name} did not become healthy as ${args.build} within ${args.timeoutMs} ms; its last answer: ${health.said}. Look at its log; \`cutover retry\` tries again${back}.`,
  );
}

export async function restartService(
  resources: Resources,
  name: string,
  options: DeployOptions & { readonly timeoutMs: number },
): Promise<void> {
  await runCommand(
    resources,
    { argv: targetOf(resources, name, 'service').restart, timeoutMs: options.timeoutMs },
    options,
  );
}

/** @throws Misconfigured when the worker's config has no `stop` for it. */
export async function stopService(
  resources: Resources,
  name: string,
  options: DeployOptions & { readonly timeoutMs: number },
): Promise<void> {
  const { stop } = targetOf(resources, name, 'service');
  if (stop) {
    await runCommand(resources, { argv: stop, timeoutMs: options.timeoutMs }, options);
    return;
  }
  throw new CutoverError('Misconfigured', `Service "${name}" has no \`stop\` in the worker's config; add it.`);
}
