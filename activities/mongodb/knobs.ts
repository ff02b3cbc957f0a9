import type { Db } from 'mongodb';
import type { Knobs } from './pace';

/** Lane collection of what `cutover set` wrote: one document per run, `_id` is the run. */
export const KNOBS = 'knobs';

/** What the operator wants at this moment; nothing when nobody said anything. Values that are no numbers do not count. */
export async function readKnobs(lane: Db, run: string): Promise<Knobs> {
  const found = await lane.collection<{ _id: string }>(KNOBS).findOne({ _id: run });
  if (!found) return {};
  const number = (name: string): number | undefined => {
    const value = Number((found as Record<string, unknown>)[name] ?? NaN);
    return Number.isFinite(value) && value >= 0 ? value : undefined;
  };
  const [windowDocs, pauseMs, maxPerSecond] = [number('windowDocs'), number('pauseMs'), number('maxPerSecond')];
  return {
    ...(windowDocs === undefined ? {} : { windowDocs }),
    ...(pauseMs === undefined ? {} : { pauseMs }),
    ...(maxPerSecond === undefined ? {} : { maxPerSecond }),
  };
}
