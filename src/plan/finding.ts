import type { Artifact } from './artifacts';
import type { PathPart, Problem } from './problem';
import type { PlanFile } from './schema/plan';
import type { PlanData } from './yaml';

/** What every check of a plan reads. */
export interface CheckInput {
  readonly plan: PlanFile;
  /** The files that could be read; problems of the others are reported where they are read. */
  readonly artifacts: readonly Artifact[];
  readonly source: Pick<PlanData, 'lineOf' | 'sourceOf'>;
}

/** What a check reports; `check` adds the line. */
export interface Finding extends Omit<Problem, 'path' | 'line'> {
  readonly at: readonly PathPart[];
  /** After the path: which file, which line of it. */
  readonly detail?: string;
}
