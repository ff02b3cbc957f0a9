import { targetOf } from '../../target-of';
import type { SwitchAct } from '../../../src/core/freeze-args';
import type { DeployArgs } from '../../../src/core/outside-args';
import { goBack, goLive } from '../../configure/live';
import type { Staged } from '../../configure/config-store';
import { currentBuild } from '../../deploy/builds';
import { deployBuild } from '../../deploy/service';
import { recall } from '../recall';
import type { Held } from './held';

/** What each service runs before the first act, write-once. */
export async function captureBuilds({ context, resources }: Held): Promise<void> {
  for (const { service } of deploysOf(context.args.switch))
    await context.capture(buildName(service), () => currentBuild(targetOf(resources, service, 'service')));
}

/** In the plan's order; each is noted in the control document before it begins. */
export async function doActs(held: Held, freeze: string, signal: AbortSignal): Promise<void> {
  const { context, control, resources } = held;
  for (const [i, act] of context.args.switch.entries()) {
    await context.checkToken();
    await control.note(freeze, { acts: i + 1 });
    signal.throwIfAborted();
    if (act.act === 'config') {
      context.progress({ doing: `makes the configuration of ${act.step} live` });
      await goLive(resources, { run: context.run.id, staged: await stagedBy(held, act.step) });
    } else {
      const reread = await onlyConfigured(held, act.deploy, context.args.switch.slice(0, i));
      await deployBuild(resources, act.deploy, { signal, progress: context.progress, reread });
    }
  }
}

/** The configuration first, or the previous build would start with the new one; then the builds, newest first. */
export async function undoActs(held: Held, begun: number, signal: AbortSignal): Promise<void> {
  const { context, resources } = held;
  const acts = context.args.switch.slice(0, begun).reverse();
  for (const act of acts) {
    if (act.act !== 'config') continue;
    await goBack(resources, { run: context.run.id, staged: await stagedBy(held, act.step) });
  }
  for (const deploy of deploysOf(acts)) {
    const build = await recall<string>(context, buildName(deploy.service));
    if (build === undefined) continue;
    await deployBuild(resources, { ...deploy, build }, { signal, reread: await onlyConfigured(held, deploy, acts) });
  }
}

function deploysOf(acts: readonly SwitchAct[]): readonly DeployArgs[] {
  return acts.flatMap((act) => (act.act === 'deploy' ? [act.deploy] : []));
}

/** The build stays and its configuration changed: only a restart makes that count. */
async function onlyConfigured({ context }: Held, deploy: DeployArgs, acts: readonly SwitchAct[]): Promise<boolean> {
  if (!acts.some(({ act }) => act === 'config')) return false;
  return (await recall<string>(context, buildName(deploy.service))) === deploy.build;
}

function buildName(service: string): string {
  return `build:${service}`;
}

function stagedBy({ context }: Held, step: string): Promise<Staged> {
  return context.captured<Staged>({ step, name: 'staged' });
}
