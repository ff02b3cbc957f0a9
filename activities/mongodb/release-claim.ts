import { targetOf } from '../target-of';
import { CutoverError } from '../../src/core/failure';
import { refusesRelease, type ReleaseAnswer, type ReleaseInput } from '../../src/core/release-claim';
import { EMPTY_HEAD } from '../../src/core/verb';
import { append } from '../lane/ledger';
import type { Resources } from '../resources';
import { claims, type ClaimDocument } from './lane/documents';
import { ledgerIn } from './lane/ledger';
import { endSession } from './lane/leftovers';
import { withLink } from './link';
import { ALONE, inTransaction } from './transaction';

/** Frees the claim of a run whose workflow is gone, on the word of the next gate's quorum; the ledger has who and why. */
export function releaseClaim(resources: Resources, input: ReleaseInput): Promise<ReleaseAnswer> {
  const { home } = input;
  return withLink(targetOf(resources, home, 'mongodb'), { appName: 'cutover/release' }, async ({ client, lane }) => {
    const people = await resources.people();
    const claim = await claims(lane).findOne({ _id: home });
    const run = claimedRun(claim, input);
    const rows = await ledgerIn(lane).rowsAfter(run, 0, 100_000);
    const problem = refusesRelease(rows, people, input);
    if (problem) throw new CutoverError('NotAllowed', problem);
    // What its last attempt has open would hold the claim's document for as long as the server lets it.
    if (claim?.session) await endSession(client, claim.session);
    const session = client.startSession();
    await inTransaction({ ...ALONE, session }, async () => {
      const held = await claims(lane).findOneAndUpdate(
        { _id: home, run },
        {
          $inc: { token: 1 },
          $set: { run: null, step: 'released', session: null },
          $currentDate: { claimedAt: true },
        },
        { session, returnDocument: 'before' },
      );
      if (!held) throw noClaim(home);
      const store = ledgerIn(lane, session);
      const [last = EMPTY_HEAD] = await store
        .rowsAfter(run, (rows.at(-1)?.seq ?? 0) - 1, 100_000)
        .then((r) => r.slice(-1));
      const ref = { id: run, plan: held.plan, planDigest: 'sha256:' as const, home };
      await append(store, ref, last, {
        step: 'run',
        verb: 'note',
        round: 0,
        event: 'operator',
        body: { word: 'release', by: input.by.join(' and '), comment: input.comment },
      });
    });
    return { run, message: `Target "${home}" is free; what run ${run} has changed there stays as it is.` };
  });
}

function claimedRun(claim: ClaimDocument | null, { home, run: wanted }: ReleaseInput): string {
  const run = claim?.run;
  if (!run) throw noClaim(home);
  if (run !== wanted && claim.plan !== wanted)
    throw new CutoverError('Refused', `Target "${home}" is claimed by run ${run}, not by "${wanted}".`);
  return run;
}

function noClaim(home: string): CutoverError {
  return new CutoverError('Refused', `Target "${home}" is claimed by no run: there is nothing to release.`);
}
