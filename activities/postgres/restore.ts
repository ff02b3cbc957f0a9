import { CutoverError } from '../../src/core/failure';
import type { RestoreAnswer, RestoreInput } from '../../src/core/restore';

/** @throws Refused, always: stock pg_restore reads the dump as it is. */
export async function restore({ home }: RestoreInput): Promise<RestoreAnswer> {
  throw new CutoverError(
    'Refused',
    `Target "${home}" is a PostgreSQL database, which this version does not restore by itself: restore the dump with pg_restore as docs/backup.md says. Nothing was done.`,
  );
}
