import { readdir } from 'node:fs/promises';
import { backupStep } from '../../activities/postgres/steps/backup';
import { Captures, resourcesOf, RUN, testContext } from './backup-context';
import { describeError } from '../../src/core/failure';
import type { PostgresTarget } from '../../activities/resources';

/** A worker that does nothing but one backup, to be killed in the middle of it. TEST_URL, TEST_STORE, TEST_RUN, TEST_BIN. */
async function main(): Promise<void> {
  const { TEST_URL: url = '', TEST_STORE: storeDir = '', TEST_RUN: id = '', TEST_BIN: bin } = process.env;
  const home: PostgresTarget = { kind: 'postgres', name: 'app', url: () => url };
  const resources = resourcesOf({ targets: [home], storeDir, bin });
  const args = { store: 'backups', exclude: ['cutover'] };
  const context = testContext({
    kind: 'backup',
    id: 'backup/dump',
    args,
    home,
    captures: new Captures(),
    run: { ...RUN, id },
  });
  const outcome = await backupStep(resources)
    .do(context)
    .then(
      (evidence) => evidence.verdict,
      (error: unknown) => describeError(error),
    );
  const left = await readdir(storeDir, { recursive: true });
  console.log(JSON.stringify({ outcome, left }));
}

void main();
