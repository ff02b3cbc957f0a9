import { mkdir, readlink, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import pino from 'pino';
import { freezeStep } from '../../../activities/mongodb/steps/freeze';
import type { MongoTarget, Resources, SelfCommand } from '../../../activities/resources';
import type { Evidence } from '../../../src/core/evidence';
import type { RefuseFreeze } from '../../../src/core/freeze-args';
import type { Verb } from '../../../src/core/step';
import type { MongoUrls } from '../../../src/dev/mongo-users';
import { onExit } from '../../../src/dev/on-exit';
import { cliScript } from '../../../src/dev/worker-process';
import { loadConfig } from '../../../src/runtime/config';
import { createResources } from '../../../src/runtime/resources';
import type { Bench } from '../row';
import { COLLECTION, KEY } from './documents';
import { passed, Place, RULE } from './place';

/** A collection, stamped and indexed, with a small service of two builds that a freeze switches from one to the other. */
export class FreezePlace implements AsyncDisposable {
  private constructor(
    readonly place: Place,
    private readonly resources: Resources,
    private readonly server: Server,
  ) {}

  static async open(bench: Bench, documents: number): Promise<FreezePlace> {
    const dir = bench.runDir.file(`freeze-${documents}`);
    for (const build of ['v1', 'v2']) await mkdir(join(dir, 'builds', build), { recursive: true });
    await symlink('builds/v1', join(dir, 'current'));
    const server = await startService(dir);
    let resources: Resources | undefined;
    const place = await Place.open({
      ...{ bench, name: 'freeze', documents, stamped: true },
      target: async (urls) => {
        resources = await resourcesIn(dir, server, urls);
        return resources.target('app') as MongoTarget;
      },
    });
    if (!resources) throw new Error('The place was opened without its target.');
    return new FreezePlace(place, resources, server);
  }

  /** The product's step, forward or back; its watchdog is a process of its own. */
  freeze(verb: Verb): Promise<Evidence> {
    const step = { id: 'cutover/freeze', kind: 'freeze' as const, args: FREEZE, handler: freezeStep(this.resources) };
    return passed(verb === 'do' ? this.place.run.do(step) : this.place.run.undo(step));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await this.place[Symbol.asyncDispose]();
  }
}

/** Of the quiet that is listened for in every freeze; part of what is held. */
export const QUIET_MS = 300;

const FREEZE: RefuseFreeze = {
  mode: 'refuse',
  tables: [{ table: COLLECTION, column: KEY, rule: RULE }],
  fence: { mechanism: 'role' },
  quiet: [],
  switch: [{ act: 'deploy', deploy: { service: 'svc', build: 'v2', timeoutMs: 5_000 } }],
  prove: [
    {
      ...{ kind: 'http', name: 'health', target: 'web', path: '/' },
      expect: { status: 200, contains: 'v2' },
      timeoutMs: 2_000,
    },
  ],
  budgetMs: 30_000,
  quietMs: QUIET_MS,
};

/** Says which build the link names. */
async function startService(dir: string): Promise<Server> {
  const server = createServer((_, response) => {
    void readlink(join(dir, 'current')).then((link) => response.end(JSON.stringify({ build: basename(link) })));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onExit({ name: 'the service of the freeze', close: async () => void server.close(), abandon: () => undefined });
  return server;
}

async function resourcesIn(dir: string, server: Server, urls: MongoUrls): Promise<Resources> {
  const { port } = server.address() as AddressInfo;
  const file = join(dir, 'cutover.config.yaml');
  await writeFile(file, configOf(port));
  const env = { ...process.env, FREEZE_URL: urls.tool, FREEZE_APP_URL: urls.app };
  const config = await loadConfig({ file, cwd: dir, env });
  const selfCommand: SelfCommand = {
    program: process.execPath,
    args: [cliScript()],
    options: ['--config', file],
    cwd: dir,
    env: () => env,
  };
  return { ...createResources({ config, log: pino({ level: 'silent' }) }), selfCommand };
}

function configOf(port: number): string {
  return `
targets:
  app: { mongodb: env:FREEZE_URL, probeAs: env:FREEZE_APP_URL }
  web: { http: http://127.0.0.1:${port} }
  svc: { service: { current: current, builds: builds, restart: ["true"], health: { target: web, path: / } } }
commands: { allow: ["true"], cwd: ., env: [PATH] }
`;
}
