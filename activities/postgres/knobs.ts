import { targetOf } from '../target-of';
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
import type { PgSession } from './context';
import { openSession } from './session';

/** What the operator wants at this moment; nothing when nobody said anything. In the session's own transaction or without. */
export async function readKnobs(session: PgSession, run: string): Promise<Knobs> {
  return knobsIn((await stored(session, run))?.value);
}

export async function getKnobs(resources: Resources, input: GetKnobsInput): Promise<KnobsAnswer> {
  const url = targetOf(resources, input.home, 'postgres').url();
  await using session = await openSession({ url, applicationName: 'cutover/get', readOnly: true });
  return await answer(session, await claimingRun(session, input));
}

/** Taken up by the next window of the work that is under way. Changes no data of the application. */
export async function setKnobs(resources: Resources, input: SetKnobsInput): Promise<KnobsAnswer> {
  const { home, by, set, auto } = input;
  const problem = refusesKnobs(await resources.people(), input);
  if (problem) throw new CutoverError('NotAllowed', problem);
  await using session = await openSession({
    url: targetOf(resources, home, 'postgres').url(),
    applicationName: 'cutover/set',
  });
  const run = await claimingRun(session, input);
  await session.execute(
    `INSERT INTO cutover.progress AS p (run_id, step, name, value) VALUES ($1, $2, $3, $4::jsonb)
     ON CONFLICT (run_id, step, name) DO UPDATE SET value = (p.value - $5::text[]) || excluded.value, at = now()`,
    [run, ...PLACE, JSON.stringify({ ...set, by }), auto],
  );
  const now = await answer(session, run);
  resources.log.info({ run, by, knobs: knobsText(now.knobs) }, 'knobs set');
  return now;
}

/** Where they are among the unchained positions of windowed work: they say how fast, never what. */
const PLACE = ['run', 'knobs'] as const;

interface StoredKnobs {
  readonly value: Readonly<Record<string, unknown>>;
  readonly at: string;
}

async function stored(session: PgSession, run: string): Promise<StoredKnobs | undefined> {
  const [found] = await session.query<StoredKnobs>(
    `SELECT value, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at
       FROM cutover.progress WHERE run_id = $1 AND step = $2 AND name = $3`,
    [run, ...PLACE],
  );
  return found;
}

async function answer(session: PgSession, run: string): Promise<KnobsAnswer> {
  const found = await stored(session, run);
  const by = found?.value['by'];
  return { run, knobs: knobsIn(found?.value), ...(found ? { by: String(by), at: found.at } : {}) };
}

async function claimingRun(session: PgSession, { home, run: wanted }: GetKnobsInput): Promise<string> {
  const [lane] = await session.query<{ there: boolean }>(`SELECT to_regclass('cutover.claim') IS NOT NULL AS there`);
  const [claim] =
    lane?.there === true
      ? await session.query<{ run: string | null; plan: string }>(
          'SELECT run_id AS run, plan FROM cutover.claim WHERE target = $1',
          [home],
        )
      : [];
  const run = claim?.run;
  if (!run) throw new CutoverError('Refused', `Target "${home}" is claimed by no run: nothing is under way there.`);
  if (run !== wanted && claim.plan !== wanted)
    throw new CutoverError('Refused', `Target "${home}" is claimed by run ${run}, not by "${wanted}".`);
  return run;
}
