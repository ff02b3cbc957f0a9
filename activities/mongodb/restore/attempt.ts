import type { ClientSession } from 'mongodb';
import { CutoverError } from '../../../src/core/failure';
import type { Digest, Json } from '../../../src/core/json';
import type { Restored, RestoreApproval } from '../../../src/core/restore';
import { EMPTY_HEAD } from '../../../src/core/verb';
import type { Pulse } from '../../heartbeat';
import { append } from '../../lane/ledger';
import type { MongoTarget, Resources } from '../../resources';
import { fingerprint } from '../fingerprint';
import { appName, checkToken, checkTokenIn, claim, release, type Token } from '../lane/claim';
import { claims } from '../lane/documents';
import { ledgerIn } from '../lane/ledger';
import { openLink } from '../link';
import type { MongoLink } from '../session';
import { ALONE, inTransaction } from '../transaction';
import { guardOf, type Guard } from './guard';
import { nameOf } from './list';
import { capturedIn, markers, readMarker, type RestoreMarker } from './marker';
import type { Source } from './source';

export interface AttemptOptions {
  readonly resources: Resources;
  readonly target: MongoTarget;
  readonly link: MongoLink;
  readonly source: Source;
  readonly approved: RestoreApproval;
  readonly pulse: Pulse;
}

/** One attempt of an approved restore: it holds the target, and says in the marker and the ledger where it stands. */
export interface RestoreAttempt extends AsyncDisposable {
  readonly source: Source;
  readonly pulse: Pulse;
  readonly lost: Digest;
  /** The connection that works; a later attempt finds and ends what it left running. */
  readonly working: MongoLink;
  /** As it was found. */
  readonly marker: RestoreMarker | undefined;
  /** Throws StaleToken when a later attempt has begun. */
  readonly check: () => Promise<void>;
  /** Before anything is kept: written down, closed, proved. */
  fence(): Promise<void>;
  /** From here on the database changes. Marker and ledger row in one transaction. */
  begin(archive: string): Promise<void>;
  /** Closes what an earlier attempt closed; true when it had been opened meanwhile. */
  fenceAgain(): Promise<boolean>;
  /** Lets the application write again, ends the run and lets go of the target. */
  end(message: string): Promise<Restored>;
  /** Nothing has changed yet: as before the call. */
  giveUp(): Promise<void>;
}

/** @throws TargetClaimed when another run holds the target; Refused when the fence of a freeze stands. */
export async function attemptOf(options: AttemptOptions): Promise<RestoreAttempt> {
  const { resources, target, link, source, approved, pulse } = options;
  const { run } = source;
  const { home } = run;
  const guard = await guardOf(resources, target, link, pulse.signal);
  const heldBefore = (await claims(link.lane).findOne({ _id: home }))?.run === run.id;
  const print = await fingerprint(link);
  if (print !== source.backup.manifest.server.fingerprint)
    throw new CutoverError(
      'FingerprintChanged',
      `The backup ${nameOf(source.backup.path)} is of ${source.backup.manifest.server.fingerprint}, and target "${home}" is ${print}: it is another database. Nothing was done.`,
    );
  const token = await claim(link.lane, { run, step: 'restore', verb: 'do', fingerprint: print, first: true });
  const working = await openLink(target, { appName: appName(run, token.value), signal: pulse.signal });
  const { lane } = working;
  const marker = await readMarker(lane, home);
  const check = async (): Promise<void> => {
    pulse.signal.throwIfAborted();
    await checkToken(lane, token);
  };
  const written = { by: approved.by.join(' and '), comment: approved.comment, lost: approved.lost };
  return {
    ...{ source, pulse, working, marker, check, lost: approved.lost },
    fence: () => closeFirst({ guard, lane, marker, check }, { run, lost: approved.lost, heldBefore }),
    begin: async (archive) => {
      const body = { word: 'restore', ...written, backup: nameOf(source.backup.path), archive: nameOf(archive) };
      await step({ working, token, source, body, from: 'fenced', change: { state: 'restoring', archive } });
    },
    fenceAgain: async () => {
      const found = await requireMarker(working, home);
      const captured = capturedIn(found);
      const wasOpen = found.state === 'restoring' && !(await guard.fence.isClosed(captured));
      await check();
      await guard.close(captured, false);
      return wasOpen;
    },
    end: async (message) => {
      await check();
      await markers(lane).updateOne({ _id: home, state: 'restoring' }, { $set: { state: 'opening' } });
      const found = await requireMarker(working, home);
      await guard.fence.open(capturedIn(found));
      const body = { word: 'restored', ...written, backup: nameOf(source.backup.path) };
      const change = { state: 'done' as const, message };
      const free = (session: ClientSession): Promise<void> => release(lane, run, session);
      await step({ working, token, source, body, from: 'opening', change, also: free });
      return { message, archive: found.archive ?? '' };
    },
    giveUp: async () => {
      const found = await readMarker(lane, home);
      if (found?.state !== 'fenced') return;
      await check();
      await guard.fence.open(capturedIn(found));
      await markers(lane).deleteOne({ _id: home, state: 'fenced' });
      if (!found.heldBefore) await freeAlone(working, token, source);
    },
    [Symbol.asyncDispose]: () => working[Symbol.asyncDispose](),
  };
}

interface Closing {
  readonly guard: Guard;
  readonly lane: MongoLink['lane'];
  readonly marker: RestoreMarker | undefined;
  readonly check: () => Promise<void>;
}

/** What opening needs is written before it closes; an attempt that finds it there has it from the first one. */
async function closeFirst(
  { guard, lane, marker, check }: Closing,
  of: { readonly run: Source['run']; readonly lost: Digest; readonly heldBefore: boolean },
): Promise<void> {
  const { run, lost } = of;
  const known = marker?.state === 'fenced' ? marker : undefined;
  const captured = known ? capturedIn(known) : await guard.capture();
  const document: RestoreMarker = {
    ...{ _id: run.home, run: run.id, plan: run.plan, lost, state: 'fenced' },
    captured: JSON.stringify(captured),
    heldBefore: known?.heldBefore ?? of.heldBefore,
  };
  await check();
  await markers(lane).replaceOne({ _id: run.home }, document, { upsert: true });
  await guard.close(captured, known === undefined);
}

interface Step {
  readonly working: MongoLink;
  readonly token: Token;
  readonly source: Source;
  readonly body: Json;
  readonly from: RestoreMarker['state'];
  readonly change: Partial<RestoreMarker>;
  readonly also?: (session: ClientSession) => Promise<void>;
}

/** The marker's next state and the ledger's row stand or fall together. */
async function step({ working, token, source, body, from, change, also }: Step): Promise<void> {
  const { lane } = working;
  const { run } = source;
  await using session = working.client.startSession();
  await inTransaction({ ...ALONE, session }, async () => {
    await checkTokenIn(lane, token, session);
    const filter = { _id: run.home, run: run.id, state: from };
    const { matchedCount } = await markers(lane).updateOne(filter, { $set: change }, { session });
    if (matchedCount !== 1)
      throw new CutoverError('StaleToken', `The restore of ${run.home} does not stand where this attempt left it.`);
    const store = ledgerIn(lane, session);
    const [last = EMPTY_HEAD] = await store
      .rowsAfter(run.id, (source.rows.at(-1)?.seq ?? 0) - 1, 100_000)
      .then((rows) => rows.slice(-1));
    await append(store, run, last, { step: 'run', verb: 'note', round: 0, event: 'operator', body });
    await also?.(session);
  });
}

async function freeAlone(working: MongoLink, token: Token, { run }: Source): Promise<void> {
  await using session = working.client.startSession();
  await inTransaction({ ...ALONE, session }, async () => {
    await checkTokenIn(working.lane, token, session);
    await release(working.lane, run, session);
  });
}

async function requireMarker({ lane }: MongoLink, home: string): Promise<RestoreMarker> {
  const found = await readMarker(lane, home);
  if (found) return found;
  throw new CutoverError('StaleToken', `The marker of the restore of ${home} is gone: another attempt has ended it.`);
}
