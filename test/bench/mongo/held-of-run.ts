import type { RunState } from '../../../src/core/state';

/** How long the freeze of a run refused writes, as its step says; milliseconds. */
export function heldOfRun({ steps }: RunState): number {
  return Number(steps.find(({ figures }) => figures?.['heldMs'] !== undefined)?.figures?.['heldMs'] ?? Number.NaN);
}
