import { readdir } from 'node:fs/promises';
import { describeError } from '../../src/core/failure';
import { backupStep } from '../../activities/mongodb/steps/backup';
import type { MongoTarget } from '../../activities/resources';
import { resourcesOf, RUN } from './backup-context';
import { mongoBackupContext } from './mongo-backup-context';

/**
 * A worker that does nothing but one backup, to be killed in the middle of it, or to find its disk full: its last line is
 * what became of it. TEST_URL, TEST_STORE, TEST_RUN.
 */
async function main(): Promise<void> {
  const { TEST_URL: url = '', TEST_STORE: storeDir = '', TEST_RUN: id = '' } = process.env;
  const home: MongoTarget = { kind: 'mongodb', name: 'app', url: () => url };
  const resources = resourcesOf({ targets: [home], storeDir });
  const context = mongoBackupContext({
    kind: 'backup',
    id: 'backup/dump',
    args: { store: 'backups', exclude: ['series'] },
    home,
    run: { ...RUN, id },
    onProgress: (doing) => console.log(doing),
  });
  const outcome = await backupStep(resources)
    .do(context)
    .then(
      (evidence) => evidence.verdict,
      (error: unknown) => describeError(error),
    );
  console.log(JSON.stringify({ outcome, left: await readdir(storeDir, { recursive: true }) }));
}

void main();
