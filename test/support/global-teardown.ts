import { closeAll } from '../../src/dev/on-exit';
import { endWatchdogs } from './end-watchdogs';

export default async function tearDown(): Promise<void> {
  await endWatchdogs(Number(process.env['CUTOVER_TEST_SINCE'] ?? Date.now()));
  await closeAll();
}
