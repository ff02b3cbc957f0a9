import type { People } from '../src/core/people';
import type { Facts, FactsInput } from '../src/core/verb';
import type { InspectInput, InspectPage } from '../src/core/inspect';
import type { GetKnobsInput, KnobsAnswer, SetKnobsInput } from '../src/core/knobs';
import type { LivePreview, LivePreviewInput } from '../src/core/live-preview';
import type { ReleaseAnswer, ReleaseInput } from '../src/core/release-claim';
import type { RestoreAnswer, RestoreInput } from '../src/core/restore';
import type { TargetReport } from '../src/core/target-report';
import type { RecordInput } from './engine';
import type { NotifyInput } from './notify/notify';
import type { VerbActivities } from './verb-activities';

/** One activity per kind of step, named after it; its verb is in the argument. And the few that only ask. */
export type Activities = VerbActivities & {
  people(): Promise<People>;
  facts(input: FactsInput): Promise<Facts>;
  record(input: RecordInput): Promise<void>;
  releaseClaim(input: ReleaseInput): Promise<ReleaseAnswer>;
  restore(input: RestoreInput): Promise<RestoreAnswer>;
  readLedger(input: InspectInput): Promise<InspectPage>;
  getKnobs(input: GetKnobsInput): Promise<KnobsAnswer>;
  setKnobs(input: SetKnobsInput): Promise<KnobsAnswer>;
  askTargets(): Promise<readonly TargetReport[]>;
  previewLive(input: LivePreviewInput): Promise<LivePreview>;
  /** Tells people; writes neither target nor ledger. */
  notify(input: NotifyInput): Promise<void>;
};
