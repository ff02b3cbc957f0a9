import type { Captured } from '../../../src/core/tenancy-args';
import type { Statement } from '../../describe/step-description';

export type { Statement, StepStatements } from '../../describe/step-description';

/** What a builder cannot know from the plan: the step fills in what it captured, the preview a placeholder. */
export interface Given {
  /** The COMMENT on all that the step makes. */
  readonly marker: string;
  /** The role that owns what is made. */
  readonly owner: string;
  readonly value: (captured: Captured) => string;
}

export const NO_LOCK = 'none that the application meets';

export function exclusive(table: string, how = 'catalog only, milliseconds'): string {
  return `ACCESS EXCLUSIVE on ${table}: ${how}`;
}

export function drains(table: string): string {
  return `SHARE ROW EXCLUSIVE on ${table}: waits for the writers at work, milliseconds`;
}

export function reading(table: string): string {
  return `ACCESS SHARE on ${table}: nobody waits`;
}

export function asOwner(owner: string): Statement {
  return { sql: `SET LOCAL ROLE "${owner.replaceAll('"', '""')}"`, lock: NO_LOCK };
}
