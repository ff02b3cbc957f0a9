import type { FenceControl } from './control';
import { openAgain, openToNew, openToOld, type OpeningGround } from './open-fence';

export type Looked =
  /** There is none, or another freeze has taken its place. */
  | 'gone'
  /** It holds, and its time has not come. */
  | 'holds'
  | 'open'
  /** This look opened it. */
  | 'opened-old'
  | 'opened-new';

/**
 * One look at a fence by somebody who is not its freeze: opens it when its time has passed, to the shape that was
 * committed. A switch that is committed gets a little longer, because its worker is about to open.
 */
export async function lookAfter(
  control: FenceControl,
  ground: OpeningGround,
  who: { readonly freeze?: string; readonly by: string },
): Promise<Looked> {
  const found = await control.read();
  if (!found || (who.freeze !== undefined && found.freeze !== who.freeze)) return 'gone';
  const now = (await control.now()).getTime();
  if (found.state === 'open') {
    // Long after, or when the freeze itself has looked, what is missing was taken by somebody on purpose.
    if (found.settled || now - (found.openedAt?.getTime() ?? 0) > LATE_CLOSING_MS) return 'open';
    return (await openAgain(ground, found)) ? (found.outcome === 'new' ? 'opened-new' : 'opened-old') : 'open';
  }
  const lateMs = now - found.until.getTime();
  if (found.state === 'switched') {
    if (lateMs < COMMITTED_GRACE_MS) return 'holds';
    await openToNew(control, ground, found, who.by);
    return 'opened-new';
  }
  if (lateMs < 0) return 'holds';
  const opened = await openToOld(control, ground, { freeze: found.freeze, when: 'expired', by: who.by });
  return opened ? 'opened-old' : 'holds';
}

const COMMITTED_GRACE_MS = 10_000;
const LATE_CLOSING_MS = 10 * 60_000;
