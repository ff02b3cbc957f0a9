import type { InspectInput } from '../src/core/inspect';
import type { GetKnobsInput, SetKnobsInput } from '../src/core/knobs';
import type { LivePreviewInput } from '../src/core/live-preview';
import type { ReleaseInput } from '../src/core/release-claim';
import type { RestoreInput } from '../src/core/restore';
import type { FactsInput } from '../src/core/verb';
import { askTargets } from './ask-targets';
import type { RecordInput } from './engine';
import type { EngineOf } from './engines';
import { applicationFailure, failureTypeOf } from './failure';
import { startPulse } from './heartbeat';
import type { Activities } from './activities';
import { notify, type NotifyInput } from './notify/notify';
import type { Resources } from './resources';

/** The activities that are no verbs: they claim nothing, but for a restore that was approved. `record` only appends what nobody else will. */
export function readOnlyActivities(
  resources: Resources,
  engineOf: EngineOf,
): Pick<
  Activities,
  | 'people'
  | 'facts'
  | 'record'
  | 'releaseClaim'
  | 'restore'
  | 'readLedger'
  | 'getKnobs'
  | 'setKnobs'
  | 'askTargets'
  | 'previewLive'
  | 'notify'
> {
  const failing =
    <I, O>(home: (input: I) => string | undefined, work: (input: I) => Promise<O>) =>
    async (input: I): Promise<O> => {
      try {
        return await work(input);
      } catch (error) {
        const name = home(input);
        const type = name === undefined ? failureTypeOf(error) : engineOf(name).failureType(error);
        throw applicationFailure(resources, error, type);
      }
    };
  const none = (): undefined => undefined;
  return {
    people: failing(none, () => resources.people()) as () => ReturnType<Resources['people']>,
    facts: failing(
      (input: FactsInput) => input.run.home,
      (input) => engineOf(input.run.home).facts(input),
    ),
    record: failing(
      (input: RecordInput) => input.run.home,
      (input) => engineOf(input.run.home).record(input),
    ),
    releaseClaim: failing(
      (input: ReleaseInput) => input.home,
      (input) => engineOf(input.home).releaseClaim(input),
    ),
    restore: failing(
      (input: RestoreInput) => input.home,
      async (input) => {
        using pulse = startPulse();
        return await engineOf(input.home).restore(input, pulse);
      },
    ),
    readLedger: failing(
      (input: InspectInput) => input.home,
      (input) => engineOf(input.home).readLedger(input),
    ),
    getKnobs: failing(
      (input: GetKnobsInput) => input.home,
      (input) => engineOf(input.home).getKnobs(input),
    ),
    setKnobs: failing(
      (input: SetKnobsInput) => input.home,
      (input) => engineOf(input.home).setKnobs(input),
    ),
    previewLive: failing(
      (input: LivePreviewInput) => input.plan.home,
      (input) => engineOf(input.plan.home).previewLive(input),
    ),
    askTargets: failing(none, () => askTargets(resources, engineOf)) as () => ReturnType<typeof askTargets>,
    notify: failing(none, (input: NotifyInput) => notify(resources, input)),
  };
}
