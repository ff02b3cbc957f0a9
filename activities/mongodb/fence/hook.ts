import type { FenceSpec } from '../../../src/core/freeze-args';
import { runCommand } from '../../command/run-command';
import type { Fence } from './fence';
import { FENCE_WORDS } from '../../../src/core/fence-words';
import type { FenceGround } from './ground';

/** The application's own read-only switch. Nobody can ask whether it is on: closing and opening must be harmless twice. */
export function hookFence({ resources, signal }: FenceGround, spec: Extract<FenceSpec, { mechanism: 'hook' }>): Fence {
  return {
    ...FENCE_WORDS.hook,
    capture: async () => ({}),
    close: async () => void (await runCommand(resources, spec.close, { signal })),
    open: async () => void (await runCommand(resources, spec.open, { signal })),
    isClosed: async () => false,
  };
}
