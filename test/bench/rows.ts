import type { Row } from './row';
import { backupRow } from './rows/backup';
import { freezeRow } from './rows/freeze';
import { latencyRow } from './rows/latency';
import { locksRow } from './rows/locks';
import { memoryRow } from './rows/memory';
import { overheadRow } from './rows/overhead';

/** In the order of the table. */
export const ROWS: readonly Row[] = [locksRow, freezeRow, latencyRow, backupRow, overheadRow, memoryRow];
