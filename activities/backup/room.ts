import { constants } from 'node:fs';
import { access, statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { describeError } from '../../src/core/failure';
import { check, megabytes, type Findings } from '../findings';
import type { Store } from '../resources';
import { errorCode } from './files';

/** A dump is smaller than its database, nearly always; a disk that is full at 3 o'clock is worse than a refusal now. */
const ROOM = 1.2;

/** Whether the store has room for a database of this size. Bytes. */
export async function roomFindings(store: Store, databaseBytes: number): Promise<Findings> {
  const needed = Math.ceil(databaseBytes * ROOM);
  const room = await roomIn(store.dir);
  const short =
    'problem' in room
      ? [`${room.problem}; make the folder of store "${store.name}", and writable, for the worker's user`]
      : room.free < needed
        ? [`${megabytes(room.free)} are free in store "${store.name}"; make room, or name another store`]
        : [];
  const observed = 'free' in room ? `${megabytes(room.free)} free` : '';
  return {
    checks: [check('room for the backup', `${megabytes(needed)} (${ROOM} x the database)`, short, observed)],
    figures: { databaseBytes, storeFreeBytes: 'free' in room ? room.free : 'not known' },
  };
}

/** The folder itself may come later: its nearest ancestor decides. */
async function roomIn(dir: string): Promise<{ readonly free: number } | { readonly problem: string }> {
  for (let folder = resolve(dir); ; folder = dirname(folder)) {
    try {
      await access(folder, constants.W_OK | constants.X_OK);
      const disk = await statfs(folder);
      return { free: disk.bavail * disk.bsize };
    } catch (error) {
      if (errorCode(error) !== 'ENOENT' || dirname(folder) === folder)
        return { problem: `${folder} cannot be written to (${describeError(error)})` };
    }
  }
}
