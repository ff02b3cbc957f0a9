/** The phases of a run, always in this order. Rollback is a direction, not a phase: it walks the undo list. */
export const PHASES = [
  'preflight',
  'backup',
  'configure',
  'expand',
  'backfill',
  'validate',
  'cutover',
  'observe',
  'contract',
] as const;

export type Phase = (typeof PHASES)[number];

/** The start of this phase is the point of no return: before it all can be undone, after it only restored. */
export const POINT_OF_NO_RETURN: Phase = 'contract';

/** Phases that a production plan must gate. */
export const GATED_IN_PRODUCTION: readonly Phase[] = ['expand', 'cutover', 'contract'];

export function isPhase(text: string): text is Phase {
  return (PHASES as readonly string[]).includes(text);
}

export function phaseIndex(phase: Phase): number {
  return PHASES.indexOf(phase);
}
