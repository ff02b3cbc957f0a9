import type { Resources } from '../resources';
import { type Staged } from './config-store';
import { configStore } from './store';

export interface LiveInput {
  /** The run's id: names the files beside. */
  readonly run: string;
  /** What the config step captured as `staged`; it names the target. */
  readonly staged: Staged;
}

export interface LiveChange {
  readonly target: string;
  readonly keys: readonly string[];
  /** It was so already: nothing was done. */
  readonly already: boolean;
}

/**
 * The staged values become the live ones, in one rename. Harmless when done twice.
 *
 * @throws CutoverError Refused when somebody edited the live ones since they were captured.
 */
export async function goLive(resources: Resources, { run, staged }: LiveInput): Promise<LiveChange> {
  const store = configStore(resources, staged.target);
  const already = await store.isLive(staged);
  if (!already) await store.goLive(run, staged);
  return { target: staged.target, keys: staged.keys, already };
}

/** What was live before is live again, and the change staged again, so that a second try finds it. Harmless when done twice. */
export async function goBack(resources: Resources, { run, staged }: LiveInput): Promise<LiveChange> {
  const store = configStore(resources, staged.target);
  const already = staged.sha256Before === staged.sha256After || !(await store.isLive(staged));
  // Looks again and more closely: neither live nor as before means that somebody edited it.
  await store.goBack(run, staged);
  return { target: staged.target, keys: staged.keys, already };
}

export async function isLive(resources: Resources, { staged }: LiveInput): Promise<boolean> {
  return configStore(resources, staged.target).isLive(staged);
}
