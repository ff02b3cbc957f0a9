import type { Json } from '../../../src/core/json';
import { CutoverError } from '../../../src/core/failure';
import {
  collectionOptions,
  putValidator,
  readValidation,
  refuseAll,
  sameValidation,
  validationText,
} from '../validator';
import type { Fence } from './fence';
import { FENCE_WORDS } from '../../../src/core/fence-words';
import type { FenceGround } from './ground';
import { endSessionsOf } from './sessions';

/** Table to what it checked before, as text. */
type Before = Readonly<Record<string, string>>;

/** Every collection of the plan refuses every document that is written; reads and deletes go on. */
export function validatorFence({ db, tables, app }: FenceGround): Fence {
  const each = async (captured: Json, work: (table: string, before: string) => Promise<void>): Promise<void> => {
    for (const [table, before] of Object.entries(captured as Before)) await work(table, before);
  };
  return {
    ...FENCE_WORDS.validator,
    capture: async () => {
      const before: Record<string, string> = {};
      for (const table of tables) {
        const options = await collectionOptions(db, table);
        if (!options) continue;
        if (sameValidation(options, refuseAll))
          throw new CutoverError(
            'Refused',
            `${table} refuses every document already: a fence was left closed there. See \`cutover fence status\`, then \`cutover fence open\`.`,
          );
        before[table] = validationText(options);
      }
      return before;
    },
    close: async (captured) => {
      await each(captured, (table) => putValidator(db, table, refuseAll));
      if (app) await endSessionsOf(db, app);
    },
    open: async (captured) => {
      await each(captured, async (table, before) => {
        const now = await collectionOptions(db, table);
        // A validator that the switch has set since is not ours to take away.
        if (now && sameValidation(now, refuseAll)) await putValidator(db, table, readValidation(before));
      });
    },
    isClosed: async (captured) => {
      for (const table of Object.keys(captured as Before)) {
        const now = await collectionOptions(db, table);
        if (now && sameValidation(now, refuseAll)) return true;
      }
      return false;
    },
  };
}
