import type { Held } from './held';
import { openAgain } from './open-fence';

/**
 * For whoever was held up while closing, until another freeze had taken its place and was over: nobody looks after that
 * one any more, so that what was closed late would stay closed. One that still stands opens by itself, and so does our own.
 */
export async function openAfterOthers({ control, ground }: Held, freeze: string): Promise<void> {
  const found = await control.read().catch(() => undefined);
  if (!found || found.freeze === freeze || found.state !== 'open') return;
  await openAgain(ground(AbortSignal.timeout(PATIENCE_MS)), found);
}

const PATIENCE_MS = 60_000;
