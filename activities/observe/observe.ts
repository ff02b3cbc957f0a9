import { setTimeout as sleep } from 'node:timers/promises';
import type { Evidence } from '../../src/core/evidence';
import type { Probe } from '../../src/core/observe-args';
import type { VerbContext } from '../context';
import type { Answer } from '../probes/ask-http';
import { answered, breachEvidence, brokenProbe, observedEvidence, resumed, type Watch } from './watch';

/** What a database lends to the watch. */
export interface Watcher {
  ask(probe: Probe): Promise<Answer>;
  load(): Promise<Watch | undefined>;
  save(watch: Watch): Promise<void>;
  /** Figures that only the end can tell. */
  atTheEnd(): Promise<Readonly<Record<string, number | string>>>;
}

/** Probes for as long as the plan says. The clock counts only time under observation: a pause stops it. */
export async function observeFor(context: VerbContext<'observe'>, watcher: Watcher): Promise<Evidence> {
  const { args } = context;
  let watch = resumed(await watcher.load(), context.round);
  while (watch.elapsedMs < args.forMs) {
    const from = performance.now();
    watch = await round(context, watcher, watch);
    if (brokenProbe(args, watch)) break;
    context.progress({
      doing: `observes, ${watch.failed} of ${watch.asked} answers failed`,
      done: watch.elapsedMs,
      total: args.forMs,
      unit: 'ms',
    });
    const pause = Math.min(args.everyMs - (performance.now() - from), args.forMs - watch.elapsedMs);
    if (pause > 0) await sleep(pause, undefined, { signal: context.signal });
    watch = { ...watch, elapsedMs: watch.elapsedMs + (performance.now() - from) };
    await watcher.save(watch);
  }
  if (args.probes.some((p) => !watch.windows[p.name])) watch = await round(context, watcher, watch);
  const broken = brokenProbe(args, watch);
  if (broken) return breachEvidence(args, watch, broken);
  return observedEvidence(args, watch, await watcher.atTheEnd());
}

async function round(context: VerbContext<'observe'>, watcher: Watcher, before: Watch): Promise<Watch> {
  let watch = before;
  for (const probe of context.args.probes) watch = answered(watch, probe, await watcher.ask(probe), context.args.of);
  return watch;
}
