import type { LiteralSide } from './literal-side';
import type { ToolSide } from './tool-side';

/**
 * Two databases, alike to the last row, each under an application that reads and writes: on one the runbook's script is
 * run as it stands, on the other our run of the plan, up to the gate before contract.
 */
export interface Sides {
  readonly script: LiteralSide;
  readonly ours: ToolSide;
  /** What `cutover preview` prints for the example's plan. */
  readonly preview: string;
}

/** One way in which the runbook bites, and the same assertion the other way round where our run has been. */
export interface Trap {
  /** As in the example's README; several rows may share one. */
  readonly id: string;
  readonly is: string;
  readonly runbook: readonly [bites: string, show: (sides: Sides) => Promise<void>];
  readonly cutover: readonly [does: string, show: (sides: Sides) => Promise<void>];
  /** How the preview names it. */
  readonly preview: RegExp;
}
