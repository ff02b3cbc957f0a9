import type { Row } from './row';
import { backupRow } from './rows/backup';
import { freezeRow } from './rows/freeze';
import { latencyRow } from './rows/latency';
import { locksRow } from './rows/locks';
import { memoryRow } from './rows/memory';
import { mongoBackfillRow } from './rows/mongo-backfill';
import { mongoDumpRow } from './rows/mongo-dump';
import { mongoFreezeRow } from './rows/mongo-freeze';
import { mongoGrowthRow } from './rows/mongo-growth';
import { mongoRunRow } from './rows/mongo-run';
import { mongoSweepRow } from './rows/mongo-sweep';
import { overheadRow } from './rows/overhead';

/** In the order of the table. */
export const ROWS: readonly Row[] = [
  ...[locksRow, freezeRow, latencyRow, backupRow, overheadRow, memoryRow],
  ...[mongoBackfillRow, mongoGrowthRow, mongoSweepRow, mongoFreezeRow, mongoDumpRow, mongoRunRow],
];
