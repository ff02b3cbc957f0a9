import { targetOf } from '../target-of';
import { CutoverError } from '../../src/core/failure';
import { refusesRelease, type ReleaseAnswer, type ReleaseInput } from '../../src/core/release-claim';
import type { Resources } from '../resources';
import { append, rowsAfter } from './lane/ledger';
import { openSession } from './session';

/** Frees the claim of a run whose workflow is gone, on the word of the next gate's quorum; the ledger has who and why. */
export async function releaseClaim(resources: Resources, input: ReleaseInput): Promise<ReleaseAnswer> {
  const { home } = input;
  await using session = await openSession({
    url: targetOf(resources, home, 'postgres').url(),
    applicationName: 'cutover/release',
  });
  await session.execute('BEGIN');
  const [claim] = await session.query<{ run_id: string | null; plan: string }>(
    `SELECT run_id, plan FROM cutover.claim WHERE target = $1 FOR UPDATE`,
    [home],
  );
  const run = claim?.run_id;
  if (!run) throw new CutoverError('Refused', `Target "${home}" is claimed by no run: there is nothing to release.`);
  if (run !== input.run && claim.plan !== input.run)
    throw new CutoverError('Refused', `Target "${home}" is claimed by run ${run}, not by "${input.run}".`);
  const rows = await rowsAfter(session, run, 0, 100_000);
  const problem = refusesRelease(rows, await resources.people(), input);
  if (problem) throw new CutoverError('NotAllowed', problem);
  const last = rows[rows.length - 1] ?? { seq: 0, hash: 'genesis' };
  const ref = { id: run, plan: claim.plan, planDigest: 'sha256:' as const, home };
  await append(session, ref, last, {
    step: 'run',
    verb: 'note',
    round: 0,
    event: 'operator',
    body: { word: 'release', by: input.by.join(' and '), comment: input.comment },
  });
  await session.execute(
    `UPDATE cutover.claim SET run_id = NULL, token = token + 1, step = 'released', claimed_at = now() WHERE target = $1`,
    [home],
  );
  await session.execute('COMMIT');
  return { run, message: `Target "${home}" is free; what run ${run} has changed there stays as it is.` };
}
