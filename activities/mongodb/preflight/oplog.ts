import { check, type Findings } from '../../findings';
import type { Capabilities } from '../capabilities';

/** The server must remember changes for so many times the run's expected length: streams are resumed from there. */
const OPLOG_TIMES = 3;
/** Fuller than this it forgets at the front what comes in at the end: the window is what it is. */
const FULL = 0.9;
/** What a server has written in a shorter time says nothing about a day of it. */
const YOUNG_MS = 10 * 60_000;

type Told = Pick<Capabilities, 'oplogWindowMs' | 'oplogSize'>;

/** Whether the server will remember its changes for as long as the run needs them. Unknown is a warning and no pass. */
export function oplogFindings(told: Told, expectedMs: number | undefined): Findings {
  const now =
    told.oplogWindowMs === undefined ? 'the server does not tell' : `it holds ${span(told.oplogWindowMs)} now`;
  if (expectedMs === undefined)
    return unknown(
      `the oplog was compared with nothing (${now}): say under preflight.expected how long the run may take`,
    );
  const neededMs = expectedMs * OPLOG_TIMES;
  const expected = `the server remembers changes for ${span(neededMs)} (${OPLOG_TIMES} x preflight.expected)`;
  const windowMs = fullWindowMs(told, neededMs);
  if (windowMs === undefined)
    return unknown(
      `nobody knows whether the server remembers changes for ${span(neededMs)} (${OPLOG_TIMES} x preflight.expected): ${now}, and ${whyUnknown(told)}; watch it during the run`,
    );
  const short = `${span(windowMs)} of changes, and ${span(neededMs)} are needed (${OPLOG_TIMES} x preflight.expected of ${span(expectedMs)}); enlarge the oplog with replSetResizeOplog, or set storage.oplogMinRetentionHours`;
  return {
    checks: [check('oplog window', expected, windowMs < neededMs ? [short] : [], span(windowMs))],
    figures: { oplogWindow: span(windowMs) },
  };
}

/**
 * How far back the server remembers once its oplog is full, at the pace at which it was filled; undefined where that
 * cannot be told. What it holds already and is enough needs no estimate.
 */
export function fullWindowMs({ oplogWindowMs, oplogSize }: Told, neededMs: number): number | undefined {
  if (oplogWindowMs === undefined) return undefined;
  if (oplogSize === undefined) return undefined;
  const { usedBytes, maxBytes } = oplogSize;
  if (usedBytes >= maxBytes * FULL || oplogWindowMs >= neededMs) return oplogWindowMs;
  if (oplogWindowMs < YOUNG_MS || usedBytes === 0) return undefined;
  return Math.round((oplogWindowMs * maxBytes) / usedBytes);
}

function whyUnknown({ oplogWindowMs, oplogSize }: Told): string {
  if (oplogWindowMs === undefined) return "on a mongod the tool's user needs clusterMonitor for that";
  if (oplogSize === undefined) return 'the server does not tell how large its oplog is and may become';
  return `its oplog is not full and holds less than ${span(YOUNG_MS)}, which tells no pace`;
}

function unknown(warning: string): Findings {
  return { checks: [], warnings: [warning] };
}

function span(ms: number): string {
  if (ms < 60_000) return `${Math.round(ms / 1000)} s`;
  return ms < 3_600_000 ? `${Math.round(ms / 60_000)} min` : `${(ms / 3_600_000).toFixed(1)} h`;
}
