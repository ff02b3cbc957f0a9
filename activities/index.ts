import type { People } from '../src/core/people';
import type { StepKind } from '../src/core/step';
import type { Facts, FactsInput, Head, LedgerNote, RunRef, VerbInput, VerbResult } from '../src/core/verb';
import type { InspectInput, InspectPage } from '../src/core/inspect';
import type { ReleaseAnswer, ReleaseInput } from '../src/core/release-claim';
import { postgresEngine } from './postgres/engine';
import { readOnlyActivities } from './postgres/ask';
import type { Resources } from './resources';
import { runVerb } from './verb';

export interface RecordInput {
  readonly run: RunRef;
  readonly expect: Head;
  readonly notes: readonly LedgerNote[];
}

/** One activity per kind of step, named after it; its verb is in the argument. And the few that only ask. */
export type Activities = { readonly [K in StepKind]: (input: VerbInput<K>) => Promise<VerbResult> } & {
  people(): Promise<People>;
  facts(input: FactsInput): Promise<Facts>;
  record(input: RecordInput): Promise<void>;
  releaseClaim(input: ReleaseInput): Promise<ReleaseAnswer>;
  readLedger(input: InspectInput): Promise<InspectPage>;
};

export function createActivities(resources: Resources): Activities {
  const engine = postgresEngine(resources);
  const verb = <K extends StepKind>(input: VerbInput<K>): Promise<VerbResult> => runVerb(resources, engine, input);
  return {
    preflight: verb,
    backup: verb,
    drill: verb,
    table: verb,
    registry: verb,
    key: verb,
    reference: verb,
    index: verb,
    statements: verb,
    stamp: verb,
    members: verb,
    required: verb,
    query: verb,
    compare: verb,
    recount: verb,
    shape: verb,
    freeze: verb,
    observe: verb,
    retire: verb,
    manual: verb,
    release: verb,
    ...readOnlyActivities(resources, engine),
  };
}
