import { fenceOf } from './fence-of';
import { capturedOf, type FenceControl, type FenceDocument } from './control';
import type { FenceGround } from './ground';
import { putChecks, replaceRefusal, takeBackLate, type TableChecks } from './shape';

/** What opening stands on: the plan is not at hand, so that the control document says the rest. */
export type OpeningGround = Pick<FenceGround, 'db' | 'resources' | 'signal'>;

/**
 * Opens to the old shape: validators as before the freeze, then the fence. False when the switch is committed (it then
 * stays), or when there is nothing to open.
 */
export async function openToOld(
  control: FenceControl,
  ground: OpeningGround,
  fence: { readonly freeze: string; readonly when: 'expired' | 'now'; readonly by: string },
): Promise<boolean> {
  const found = await control.startOpening(fence.freeze, fence.when);
  if (!found) return false;
  await putChecks(ground.db, checksIn(found), 'before');
  await standing(found, ground).open(capturedOf(found));
  await control.opened(fence.freeze, fence.by, 'old');
  return true;
}

/** Of a committed switch: whoever did it may be gone, and its fence must not stay closed for that. */
export async function openToNew(
  control: FenceControl,
  ground: OpeningGround,
  found: FenceDocument,
  by: string,
): Promise<void> {
  await putChecks(ground.db, checksIn(found), 'after');
  await standing(found, ground).open(capturedOf(found));
  await control.opened(found.freeze, by, 'new');
}

/** What a process did that was held up and came to it after everybody had given up on it: closed, or put the new validators. */
export async function openAgain(ground: OpeningGround, found: FenceDocument): Promise<boolean> {
  const fence = standing(found, ground);
  const { outcome } = found;
  const late = outcome === 'old' && (await takeBackLate(ground.db, checksIn(found)));
  if (!(await fence.isClosed(capturedOf(found)))) return late;
  if (outcome !== undefined) await replaceRefusal(ground.db, checksIn(found), outcome === 'new' ? 'after' : 'before');
  await fence.open(capturedOf(found));
  return true;
}

export function checksIn({ shape }: FenceDocument): readonly TableChecks[] {
  return JSON.parse(shape) as readonly TableChecks[];
}

function standing(found: FenceDocument, ground: OpeningGround): ReturnType<typeof fenceOf> {
  return fenceOf(found.spec, { ...ground, tables: found.tables });
}
