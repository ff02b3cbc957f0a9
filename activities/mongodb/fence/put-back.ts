import { setTimeout as sleep } from 'node:timers/promises';
import { isConnectionLoss } from '../errors';
import { wordsOf } from '../server-words';
import { undoActs } from './acts';
import type { Held } from './held';
import { openAgain, openToOld } from './open-fence';
import { startWriters } from './writers';

export type PutBack =
  /** The switch is committed: there is nothing to put back, and it is to be finished. */
  | { readonly kind: 'committed' }
  /** Everything that could be, is as before; `failed` says what is not. */
  | { readonly kind: 'back'; readonly failed: readonly string[] };

/**
 * Everything as it was, newest first: the acts of the switch, validators, fence, writers. Whatever of it fails, the rest
 * is done all the same: a fence that stays closed because a build did not start hurts more than either. `acts: false`
 * leaves the acts alone.
 */
export async function putBack(held: Held, freeze: string, { acts }: { readonly acts: boolean }): Promise<PutBack> {
  const { context, control, resources, by } = held;
  const { args } = context;
  const failed: string[] = [];
  const signal = AbortSignal.timeout(PATIENCE_MS + longest(held));
  const trying = async (what: string, work: () => Promise<unknown>): Promise<void> => {
    try {
      await patiently(work, signal);
    } catch (error) {
      failed.push(`${what}: ${wordsOf(error)}`);
    }
  };
  const found = await patiently(() => control.read(), signal);
  if (!found || found.freeze !== freeze) return { kind: 'back', failed };
  if (found.state === 'switched' || found.outcome === 'new') return { kind: 'committed' };
  if (acts) await trying('the acts of the switch', () => undoActs(held, found.acts, signal));
  const ground = { db: held.link.db, resources, signal };
  await trying('the fence', async () => {
    if (await openToOld(control, ground, { freeze, when: 'now', by })) return;
    // Opened by somebody while we were still closing: what closed late is opened again.
    const late = await control.read();
    if (late?.freeze === freeze && late.state === 'open' && late.outcome === 'old') await openAgain(ground, late);
  });
  const now = await control.read().catch(() => undefined);
  if (now?.freeze === freeze && (now.state === 'switched' || now.outcome === 'new')) return { kind: 'committed' };
  for (const error of await startWriters(resources, args.quiet, found.stopped, signal))
    failed.push(`a writer was not started again: ${wordsOf(error)}`);
  if (now?.state !== 'open')
    failed.push(
      `the fence ${args.fence.mechanism} of target ${control.target} may still be closed: \`cutover fence open --target ${control.target}\` opens it, and so does the watchdog after its time`,
    );
  if (failed.length === 0) await control.settle(freeze);
  return { kind: 'back', failed };
}

/** A server that is away comes back, or another member takes its place: an election takes longer than one question waits. */
async function patiently<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isConnectionLoss(error) || signal.aborted) throw error;
      await sleep(AGAIN_MS);
    }
  }
}

function longest({ context }: Held): number {
  const { args } = context;
  const acts = args.switch.map((act) => (act.act === 'deploy' ? act.deploy.timeoutMs : 0));
  return [...acts, ...args.quiet.map(({ start }) => start.timeoutMs)].reduce((a, b) => a + b, 0);
}

const PATIENCE_MS = 60_000;
const AGAIN_MS = 250;
