import { mkdir, mkdtemp, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { MongoClient, type Db } from 'mongodb';
import pino from 'pino';
import { FenceControl } from '../../activities/mongodb/fence/control';
import { freezeStep } from '../../activities/mongodb/steps/freeze';
import type { MongoTarget, Resources, SelfCommand } from '../../activities/resources';
import { configStep } from '../../activities/steps/config';
import type { RefuseFreeze } from '../../src/core/freeze-args';
import { projectRoot } from '../../src/dev/project-root';
import { loadConfig } from '../../src/runtime/config';
import { createResources } from '../../src/runtime/resources';
import { freshMongo, type FreshMongo } from './mongo';
import { MongoTestRun, type MongoStepToRun } from './mongo-run';

/** The CLI from its sources, as a watchdog is started in tests. */
export const CLI: readonly string[] = [
  '-r',
  join(projectRoot(), 'test/support/swc-cli-register.cjs'),
  join(projectRoot(), 'src/cli/main.ts'),
];

/** A small application to be frozen: two collections, an env file, a service with two builds, and a worker's config. */
export interface FreezeBench {
  readonly mongo: FreshMongo;
  readonly run: MongoTestRun;
  readonly resources: Resources;
  readonly dir: string;
  readonly configFile: string;
  readonly env: NodeJS.ProcessEnv;
  /** As the application; one connection, which stays open. */
  readonly app: Db;
  /** As the tool. */
  readonly db: Db;
  readonly control: FenceControl;
  step(change?: Partial<RefuseFreeze>, resources?: Resources): MongoStepToRun<'freeze'>;
  build(): Promise<string>;
  /** What the service answers; undefined = the build that the link names. */
  answer: string | undefined;
  /** Done while the freeze waits for the answer that proves the switch: between the last act and the commit. */
  proving: (() => Promise<void>) | undefined;
  close(): Promise<void>;
}

export async function freezeBench(): Promise<FreezeBench> {
  const mongo = await freshMongo();
  const dir = await mkdtemp(join(tmpdir(), 'cutover-freeze-'));
  for (const build of ['v1', 'v2']) await mkdir(join(dir, 'builds', build), { recursive: true });
  await symlink('builds/v1', join(dir, 'current'));
  await writeFile(join(dir, 'app.env'), 'MULTI_TENANT=0\nNAME=app\n');
  const build = async (): Promise<string> => basename(await readlink(join(dir, 'current')));
  const bench: Pick<FreezeBench, 'answer' | 'proving'> = { answer: undefined, proving: undefined };
  const server = createServer(({ url }, response) => {
    const ready = url === '/proof' ? bench.proving?.() : undefined;
    void Promise.resolve(ready)
      .then(build)
      .then((running) => response.end(JSON.stringify({ build: bench.answer ?? running })));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const env = { ...process.env, FREEZE_URL: mongo.urls.tool, FREEZE_APP_URL: mongo.urls.app };
  const configFile = join(dir, 'cutover.config.yaml');
  await writeFile(configFile, configOf((server.address() as AddressInfo).port));
  const config = await loadConfig({ file: configFile, cwd: dir, env });
  const selfCommand: SelfCommand = {
    program: process.execPath,
    args: CLI,
    options: ['--config', configFile],
    cwd: dir,
    env: () => env,
  };
  Object.assign(process.env, { FREEZE_URL: mongo.urls.tool, FREEZE_APP_URL: mongo.urls.app });
  const resources: Resources = { ...createResources({ config, log: pino({ level: 'silent' }) }), selfCommand };
  const target = resources.target('app') as MongoTarget;
  const appClient = await new MongoClient(mongo.urls.app, { maxPoolSize: 1, retryWrites: false }).connect();
  const toolClient = await new MongoClient(mongo.urls.tool).connect();
  const app = appClient.db(mongo.database);
  await app.collection('leads').insertMany([
    { name: 'a', tenantId: 'default' },
    { name: 'b', tenantId: 'default' },
  ]);
  await app.collection('deals').insertMany([{ worth: 1, tenantId: 'default' }]);
  const run = new MongoTestRun(target);
  await run.claim();
  await run.do({
    id: 'expand/registry',
    kind: 'manual',
    args: { what: 'a tenant', role: 'dba' },
    handler: {
      do: async (c) => {
        await c.capture('tenant', async () => 'default');
        return { verdict: 'pass', summary: 'captured', checks: [] };
      },
      undo: async () => ({ verdict: 'pass', summary: 'nothing', checks: [] }),
    },
  });
  await run.do({
    id: 'configure/env',
    kind: 'config',
    args: { set: { MULTI_TENANT: '1' } },
    handler: retargeted(configStep(resources), 'env'),
  });
  return Object.assign(bench, {
    ...{ mongo, run, resources, dir, configFile, env, app, build },
    db: toolClient.db(mongo.database),
    control: new FenceControl(toolClient.db(`cutover_${mongo.database}`), 'app'),
    step: (change: Partial<RefuseFreeze> = {}, own: Resources = resources): MongoStepToRun<'freeze'> => ({
      id: 'cutover/freeze',
      kind: 'freeze',
      args: { ...FREEZE, ...change },
      handler: freezeStep(own),
    }),
    close: async () => {
      await appClient.close();
      await toolClient.close();
      await ended(server);
      await mongo.close();
      await rm(dir, { recursive: true, force: true });
    },
  });
}

/** A step whose target is another one than the run's home. */
function retargeted(handler: ReturnType<typeof configStep>, target: string): ReturnType<typeof configStep> {
  return {
    do: (c) => handler.do({ ...c, step: { ...c.step, target } }),
    undo: (c) => handler.undo({ ...c, step: { ...c.step, target } }),
  };
}

const CONSTANT = { kind: 'constant', tenant: { step: 'expand/registry', name: 'tenant' } } as const;

export const FREEZE: RefuseFreeze = {
  mode: 'refuse',
  tables: [
    { table: 'leads', column: 'tenantId', rule: CONSTANT },
    { table: 'deals', column: 'tenantId', rule: CONSTANT },
  ],
  fence: { mechanism: 'role' },
  quiet: [],
  switch: [
    { act: 'config', step: 'configure/env' },
    { act: 'deploy', deploy: { service: 'svc', build: 'v2', timeoutMs: 5_000 } },
  ],
  prove: [
    {
      kind: 'http',
      name: 'health',
      target: 'web',
      path: '/proof',
      expect: { status: 200, contains: 'v2' },
      timeoutMs: 2_000,
    },
  ],
  budgetMs: 30_000,
  quietMs: 300,
  announcedMs: 60_000,
};

function configOf(port: number): string {
  return `
targets:
  app: { mongodb: env:FREEZE_URL, probeAs: env:FREEZE_APP_URL }
  web: { http: http://127.0.0.1:${port} }
  env: { envFile: app.env }
  svc: { service: { current: current, builds: builds, restart: ["true"], health: { target: web, path: / } } }
commands: { allow: ["true", "touch", "rm", "false"], cwd: ., env: [PATH] }
`;
}

async function ended(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
