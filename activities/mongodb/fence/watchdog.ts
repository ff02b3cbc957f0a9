import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { CutoverError, describeError } from '../../../src/core/failure';
import type { MongoTarget, Resources } from '../../resources';
import { openMongo } from '../session';
import { FenceControl } from './control';
import { lookAfter, type Looked } from './look-after';

export interface WatchdogOptions {
  readonly resources: Resources;
  readonly target: MongoTarget;
  readonly freeze: string;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/**
 * Looks every second whether the fence's time has passed, and opens it then; says in the control document that it is
 * alive. Ends when there is nothing left to open. A server that is away is asked again: the fence may stand behind it.
 */
export async function keepWatch({ resources, target, freeze, log, signal }: WatchdogOptions): Promise<Looked> {
  const who = { pid: process.pid, host: hostname(), startedAt: new Date() };
  const by = `the watchdog, pid ${who.pid} on ${who.host}`;
  let quietSince: number | undefined;
  let did: Looked | undefined;
  let heardAt = Date.now();
  for (;;) {
    try {
      await using link = await openMongo({ url: target.url(), appName: `cutover/watchdog/${freeze}`, signal });
      const control = new FenceControl(link.lane, target.name);
      const ground = { db: link.db, resources, signal };
      for (;;) {
        heardAt = Date.now();
        if (!(await control.beat(freeze, who))) return did ?? 'gone';
        const looked = await lookAfter(control, ground, { freeze, by });
        if (looked === 'opened-old' || looked === 'opened-new') {
          log.warn({ target: target.name, freeze, looked }, 'opened the fence');
          did = looked;
          quietSince = Date.now();
        }
        if (looked === 'gone') return did ?? looked;
        // Whoever was held up while closing may yet come to it: what this process has opened is watched a little longer.
        if (looked === 'open' && (quietSince === undefined || Date.now() - quietSince > LINGER_MS))
          return did ?? looked;
        await sleep(EVERY_MS, undefined, { signal });
      }
    } catch (error) {
      signal.throwIfAborted();
      const patienceMs = error instanceof CutoverError && error.type === 'Refused' ? REFUSED_MS : AWAY_MS;
      if (Date.now() - heardAt > patienceMs) throw error;
      log.warn({ target: target.name, freeze, reason: resources.redact(describeError(error)) }, 'asks again');
      await sleep(EVERY_MS, undefined, { signal });
    }
  }
}

const EVERY_MS = 1_000;
const LINGER_MS = 10_000;
/** How long a server may be away, and how long it may refuse our user, until nobody waits for it any more. */
const AWAY_MS = 24 * 3_600_000;
const REFUSED_MS = 10 * 60_000;
