import { CutoverError } from '../../../src/core/failure';
import type { Fence } from './fence';
import { FENCE_WORDS } from '../../../src/core/fence-words';
import type { FenceGround } from './ground';

/** setUserWriteBlockMode, MongoDB 6.0 and later: the whole cluster refuses writes of users without the bypass privilege. */
export function writeBlockFence({ db }: FenceGround): Fence {
  const admin = db.client.db('admin');
  const set = async (global: boolean): Promise<void> => {
    await admin.command({ setUserWriteBlockMode: 1, global });
  };
  const isBlocked = async (): Promise<boolean> => {
    const status = await admin.command({ serverStatus: 1 });
    const { repl } = status as { readonly repl?: { readonly userWriteBlockMode?: number } };
    return repl?.userWriteBlockMode === BLOCKED;
  };
  return {
    ...FENCE_WORDS['write-block'],
    capture: async () => {
      const { commands } = await admin.command({ listCommands: 1 });
      if (!Object.hasOwn(commands as object, 'setUserWriteBlockMode'))
        throw new CutoverError(
          'Refused',
          'This server has no setUserWriteBlockMode, so the fence `write-block` cannot stand here; write `fence: role` or `fence: validator` in the plan.',
        );
      if (await isBlocked())
        throw new CutoverError(
          'Refused',
          'The cluster blocks user writes already, and not for this run; find out who does, and have it ended.',
        );
      return {};
    },
    close: () => set(true),
    open: () => set(false),
    isClosed: isBlocked,
  };
}

const BLOCKED = 2;
