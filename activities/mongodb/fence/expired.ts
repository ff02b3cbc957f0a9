import type { Logger } from 'pino';
import { describeError } from '../../../src/core/failure';
import type { MongoTarget, Resources } from '../../resources';
import { codeOf } from '../duplicate-key';
import { openMongo } from '../session';
import { FenceControl } from './control';
import { lookAfter } from './look-after';

/**
 * What every worker does when it starts: opens the fences whose time has passed while nobody was there. A database that
 * does not answer keeps no worker from starting; the next look is the run's own.
 */
export async function openExpiredFences(resources: Resources, log: Logger): Promise<void> {
  for (const name of resources.targetNames) {
    const target = resources.target(name);
    if (target.kind === 'mongodb') await openExpired(resources, target, log);
  }
}

async function openExpired(resources: Resources, target: MongoTarget, log: Logger): Promise<void> {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  try {
    await using link = await openMongo({ url: target.url(), appName: 'cutover/worker', signal });
    const control = new FenceControl(link.lane, target.name);
    const by = `a worker that started, pid ${process.pid}`;
    const looked = await lookAfter(control, { db: link.db, resources, signal }, { by });
    if (looked === 'opened-old' || looked === 'opened-new')
      log.warn({ target: target.name, looked }, 'opened a fence whose time had passed');
  } catch (error) {
    // Scratch is no home: where the tool has no ledger it may not read one, and there is no fence of its.
    if (codeOf(error) === UNAUTHORIZED) return;
    log.warn({ target: target.name, reason: resources.redact(describeError(error)) }, 'could not look for fences');
  }
}

const PATIENCE_MS = 15_000;
const UNAUTHORIZED = 13;
