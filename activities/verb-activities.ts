import type { StepKind } from '../src/core/step';
import type { VerbInput, VerbResult } from '../src/core/verb';

/** One activity per kind of step, named after it. */
export type VerbActivities = { readonly [K in StepKind]: (input: VerbInput<K>) => Promise<VerbResult> };

/** Every kind, or the compiler says which is missing: an activity that no worker has registered would wait for ever. */
const KINDS = {
  preflight: true,
  backup: true,
  drill: true,
  table: true,
  registry: true,
  key: true,
  reference: true,
  index: true,
  statements: true,
  stamp: true,
  redo: true,
  members: true,
  required: true,
  query: true,
  aggregate: true,
  profiling: true,
  export: true,
  diff: true,
  command: true,
  http: true,
  config: true,
  unconfig: true,
  deploy: true,
  compare: true,
  recount: true,
  shape: true,
  freeze: true,
  observe: true,
  retire: true,
  manual: true,
  release: true,
} satisfies Record<StepKind, true>;

/** The same function under every kind's name: what differs is in its argument. */
export function verbActivities(verb: <K extends StepKind>(input: VerbInput<K>) => Promise<VerbResult>): VerbActivities {
  return Object.fromEntries(Object.keys(KINDS).map((kind) => [kind, verb])) as unknown as VerbActivities;
}
