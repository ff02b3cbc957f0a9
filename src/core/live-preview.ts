import type { Evidence } from './evidence';
import type { CompiledPlan } from './plan';

export interface LivePreviewInput {
  readonly plan: CompiledPlan;
}

/** The runbook's dry run: what preflight would say now, and what each step would meet. Nothing was claimed or written. */
export interface LivePreview {
  readonly evidence: Evidence;
  /** By step id: rows, sizes and who is there, as far as they can be told before anything is done. */
  readonly expected: Readonly<Record<string, string>>;
}
