import { targetOf } from '../target-of';
import type { Collection, Db } from 'mongodb';
import { CutoverError } from '../../src/core/failure';
import {
  knobsIn,
  knobsText,
  refusesKnobs,
  type GetKnobsInput,
  type Knobs,
  type KnobsAnswer,
  type SetKnobsInput,
} from '../../src/core/knobs';
import type { Resources } from '../resources';
import { claims } from './lane/documents';
import { withLink } from './link';
import { MOST } from './pace';

/** Of the lane: what `cutover set` wrote, one document per run. Not chained: it says how fast, never what. */
interface KnobsDocument extends Knobs {
  /** The run. */
  readonly _id: string;
  readonly by?: string;
  readonly at?: Date;
}

const stored = (lane: Db): Collection<KnobsDocument> => lane.collection<KnobsDocument>('knobs');

/** What the operator wants at this moment; nothing when nobody said anything. */
export async function readKnobs(lane: Db, run: string): Promise<Knobs> {
  return knobsIn(await stored(lane).findOne({ _id: run }));
}

export function getKnobs(resources: Resources, input: GetKnobsInput): Promise<KnobsAnswer> {
  const options = { appName: 'cutover/get', readOnly: true };
  return withLink(targetOf(resources, input.home, 'mongodb'), options, async ({ lane }) =>
    answer(lane, await claimingRun(lane, input)),
  );
}

/** Taken up by the work that is under way within a second or two. Changes no data of the application. */
export function setKnobs(resources: Resources, input: SetKnobsInput): Promise<KnobsAnswer> {
  const { home, by, set, auto } = input;
  return withLink(targetOf(resources, home, 'mongodb'), { appName: 'cutover/set' }, async ({ lane }) => {
    const problem = refusesKnobs(await resources.people(), input) ?? tooLarge(set);
    if (problem) throw new CutoverError('NotAllowed', problem);
    const run = await claimingRun(lane, input);
    await stored(lane).updateOne(
      { _id: run },
      {
        $set: { ...set, by },
        $currentDate: { at: true },
        ...(auto.length === 0 ? {} : { $unset: Object.fromEntries(auto.map((name) => [name, ''])) }),
      },
      { upsert: true },
    );
    const now = await answer(lane, run);
    resources.log.info({ run, by, knobs: knobsText(now.knobs) }, 'knobs set');
    return now;
  });
}

function tooLarge({ window = 0 }: Knobs): string | undefined {
  return window <= MOST ? undefined : `window: found ${window}; on MongoDB a window has at most ${MOST} documents.`;
}

async function answer(lane: Db, run: string): Promise<KnobsAnswer> {
  const found = await stored(lane).findOne({ _id: run });
  const { by, at } = found ?? {};
  return {
    run,
    knobs: knobsIn(found),
    ...(by === undefined ? {} : { by }),
    ...(at === undefined ? {} : { at: at.toISOString() }),
  };
}

async function claimingRun(lane: Db, { home, run: wanted }: GetKnobsInput): Promise<string> {
  const claim = await claims(lane).findOne({ _id: home });
  const run = claim?.run;
  if (!run) throw new CutoverError('Refused', `Target "${home}" is claimed by no run: nothing is under way there.`);
  if (run !== wanted && claim.plan !== wanted)
    throw new CutoverError('Refused', `Target "${home}" is claimed by run ${run}, not by "${wanted}".`);
  return run;
}
