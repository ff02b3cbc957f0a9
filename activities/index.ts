import type { People } from '../src/core/people';
import type { StepKind } from '../src/core/step';
import type { Facts, FactsInput, Head, LedgerNote, RunRef, VerbInput, VerbResult } from '../src/core/verb';
import type { InspectInput, InspectPage } from '../src/core/inspect';
import type { LivePreview, LivePreviewInput } from '../src/core/live-preview';
import type { ReleaseAnswer, ReleaseInput } from '../src/core/release-claim';
import type { TargetReport } from '../src/core/target-report';
import { postgresEngine } from './postgres/engine';
import { readOnlyActivities } from './postgres/ask';
import type { Resources } from './resources';
import { runVerb } from './verb';
import { verbActivities, type VerbActivities } from './verb-activities';

export interface RecordInput {
  readonly run: RunRef;
  readonly expect: Head;
  readonly notes: readonly LedgerNote[];
}

/** One activity per kind of step, named after it; its verb is in the argument. And the few that only ask. */
export type Activities = VerbActivities & {
  people(): Promise<People>;
  facts(input: FactsInput): Promise<Facts>;
  record(input: RecordInput): Promise<void>;
  releaseClaim(input: ReleaseInput): Promise<ReleaseAnswer>;
  readLedger(input: InspectInput): Promise<InspectPage>;
  askTargets(): Promise<readonly TargetReport[]>;
  previewLive(input: LivePreviewInput): Promise<LivePreview>;
};

export function createActivities(resources: Resources): Activities {
  const engine = postgresEngine(resources);
  const verb = <K extends StepKind>(input: VerbInput<K>): Promise<VerbResult> => runVerb(resources, engine, input);
  return {
    ...verbActivities(verb),
    ...readOnlyActivities(resources, engine),
  };
}
