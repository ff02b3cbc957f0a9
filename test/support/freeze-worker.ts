import type { RefuseFreeze } from '../../src/core/freeze-args';
import type { Head } from '../../src/core/verb';
import { freezeStep } from '../../activities/mongodb/steps/freeze';
import type { MongoTarget, Resources } from '../../activities/resources';
import pino from 'pino';
import { loadConfig } from '../../src/runtime/config';
import { createResources } from '../../src/runtime/resources';
import { MongoTestRun } from './mongo-run';

/** A worker in the middle of a freeze, to be killed: configuration by file, secrets by environment, the rest by argv. */
async function main(): Promise<void> {
  const [configFile = '', words = '{}'] = process.argv.slice(2);
  const { args, head, round, self } = JSON.parse(words) as {
    readonly args: RefuseFreeze;
    readonly head: Head;
    readonly round: number;
    readonly self: NonNullable<Resources['selfCommand']>;
  };
  const config = await loadConfig({ file: configFile, cwd: process.cwd(), env: process.env });
  const resources: Resources = {
    ...createResources({ config, log: pino({ level: 'silent' }) }),
    selfCommand: { ...self, env: () => process.env },
  };
  const run = new MongoTestRun(resources.target('app') as MongoTarget);
  const step = { id: 'cutover/freeze', kind: 'freeze', args, handler: freezeStep(resources) } as const;
  await using attempt = await run.open(step, { round, expect: head });
  await attempt.perform();
}

void main();
