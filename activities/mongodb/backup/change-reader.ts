import { Timestamp, type Db } from 'mongodb';
import { CutoverError } from '../../../src/core/failure';
import { readChange, type Change } from './change';
import { clusterTimeText, type ClusterTime } from './cluster-time';

/** Reads the changes of a database in their order, one ahead where it must know what comes next. */
export interface ChangeReader extends AsyncDisposable {
  /** The next change, or undefined when there is none for the moment. */
  next(): Promise<Change | undefined>;
  /**
   * All changes up to and with `time`, none after it. `time` is that of a write which a majority has and which was
   * answered before the call: so when the server has nothing more to give, nothing before it is missing.
   */
  upTo(time: ClusterTime, take: (change: Change) => void): Promise<void>;
}

/** @throws Refused when the server does not remember so far back, or has no change streams. */
export function openChanges(db: Db, from: ClusterTime): ChangeReader {
  const startAtOperationTime = new Timestamp({ t: Number(from >> 32n), i: Number(from & 0xffff_ffffn) });
  const cursor = db.runCursorCommand(
    {
      aggregate: 1,
      pipeline: [{ $changeStream: { startAtOperationTime, fullDocument: 'updateLookup' } }],
      cursor: { batchSize: 500 },
    },
    { raw: true },
  );
  cursor.setMaxTimeMS(IDLE_MS).setBatchSize(500);
  let ahead: Change | undefined;
  const next = async (): Promise<Change | undefined> => {
    if (ahead) {
      const change = ahead;
      ahead = undefined;
      return change;
    }
    const event = await cursor.tryNext().catch((error: unknown) => {
      throw lost(error, from);
    });
    return event === null ? undefined : readChange(event as unknown as Buffer);
  };
  return {
    next,
    upTo: async (time, take) => {
      for (;;) {
        const change = await next();
        if (change === undefined) return;
        if (change.at > time) {
          ahead = change;
          return;
        }
        take(change);
      }
    },
    [Symbol.asyncDispose]: async () => cursor.close().catch(() => undefined),
  };
}

/** How long the server holds an empty answer back; only for servers that wait at all. Milliseconds. */
const IDLE_MS = 50;

/** ChangeStreamHistoryLost, ChangeStreamFatalError, CappedPositionLost, BSONObjectTooLarge */
function lost(error: unknown, from: ClusterTime): unknown {
  const code = (error as { readonly code?: number }).code;
  if (code === 286 || code === 280 || code === 136)
    return new CutoverError(
      'Refused',
      `The server does not remember its changes since ${clusterTimeText(from)} any more: the oplog is too short for what this takes. Enlarge it (replSetResizeOplog, or storage.oplogMinRetentionHours), then try again.`,
      { cause: error },
    );
  if (code === 10334)
    return new CutoverError(
      'Blocked',
      'A document of nearly 16 MB was changed meanwhile, and its change does not fit into one event; try again when it is not being changed.',
      { cause: error },
    );
  return error;
}
