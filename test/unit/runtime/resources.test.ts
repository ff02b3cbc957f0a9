import { join } from 'node:path';
import { loadConfig } from '../../../src/runtime/config';
import { createLogger } from '../../../src/runtime/logger';
import { createResources, secretProblems } from '../../../src/runtime/resources';
import { redact } from '../../../src/runtime/redact';
import { temporaryFolder } from './temp-file';

const folder = temporaryFolder();

async function resources(env: NodeJS.ProcessEnv) {
  const file = folder.write(
    'cutover.config.yaml',
    'targets: { app: { postgres: env:APP }, api: { http: "http://127.0.0.1:1", auth: env:AUTH } }\nstores: { b: { dir: b } }',
  );
  const config = await loadConfig({ file, cwd: folder.path, env });
  return { config, made: createResources({ config, log: createLogger({ pretty: false, level: 'silent' }) }) };
}

async function mongo(url: string): Promise<string> {
  const file = folder.write('mongo.yaml', 'targets: { app: { mongodb: env:APP } }');
  const config = await loadConfig({ file, cwd: folder.path, env: { APP: url } });
  const target = createResources({ config, log: createLogger({ pretty: false, level: 'silent' }) }).target('app');
  return target.kind === 'mongodb' ? target.url() : '';
}

describe('resources', () => {
  it('resolve a secret only when it is used, and never print it', async () => {
    const { made } = await resources({ APP: 'postgresql://u:Canary-1@h/db', AUTH: 'Bearer Canary-2' });
    const target = made.target('app');
    expect(JSON.stringify([target, made.target('api')])).not.toContain('Canary');
    expect(target.kind === 'postgres' && target.url()).toBe('postgresql://u:Canary-1@h/db');
    expect(made.targetNames).toEqual(['api', 'app']);
  });

  it('name the targets and stores that there are', async () => {
    const { made } = await resources({});
    expect(() => made.target('toString')).toThrow(/no target "toString"; it has api, app/);
    expect(() => made.store('c')).toThrow(/no store "c"; it has b/);
  });

  it('refuse a secret that is no PostgreSQL address, without showing it', async () => {
    const { made } = await resources({ APP: 'mysql://u:Canary-3@h/db' });
    const target = made.target('app');
    const url = () => (target.kind === 'postgres' ? target.url() : '');
    expect(url).toThrow(/env:APP is not a PostgreSQL address/);
    expect(url).not.toThrow(/Canary/);
  });

  it('refuse a secret that is no MongoDB address with a database in it, without showing it', async () => {
    for (const [url, said] of [
      ['postgres://u:Canary-4@h/db', 'is not a MongoDB address'],
      ['mongodb://u:Canary-4@h:27017', 'names no database'],
      ['mongodb://u:Canary-4@h:27017/?authSource=admin', 'names no database'],
    ] as const) {
      const address = () => mongo(url);
      await expect(address()).rejects.toThrow(said);
      await expect(address()).rejects.not.toThrow(/Canary/);
    }
  });

  it('take a MongoDB address of several hosts, and let neither it nor its password out', async () => {
    const url = 'mongodb://tool:Canary%2D5@h1:1,h2:2/app?replicaSet=rs';
    expect(await mongo(` ${url} `)).toBe(url);
    expect(await mongo('mongodb+srv://tool:x@cluster.example/app')).toContain('/app');
    for (const text of [url, 'auth failed for Canary%2D5', 'auth failed for Canary-5']) {
      expect(redact(text)).not.toContain('Canary');
    }
  });

  it('hand over webhooks, commands, files and services as the config has them', async () => {
    const file = folder.write(
      'more.yaml',
      'targets: { e: { envFile: .env }, s: { secretStore: s.json }, l: { log: a.log } }\nwebhooks: { ops: { url: env:HOOK } }\ncommands: { allow: [sh], hosts: { app: app-1 } }',
    );
    const config = await loadConfig({ file, cwd: folder.path, env: { HOOK: 'https://hooks.example/Canary-6' } });
    const made = createResources({ config, log: createLogger({ pretty: false, level: 'silent' }) });
    expect(made.webhook('ops').url()).toBe('https://hooks.example/Canary-6');
    expect(() => made.webhook('dev')).toThrow(/no webhook "dev"; it has ops/);
    expect(made.target('e')).toEqual({ kind: 'env-file', name: 'e', path: join(folder.path, '.env') });
    expect(made.target('s')).toEqual({ kind: 'secret-store', name: 's', file: join(folder.path, 's.json') });
    expect(made.target('l')).toEqual({ kind: 'log', name: 'l', path: join(folder.path, 'a.log') });
    expect(made.commands).toEqual({ allow: ['sh'], cwd: folder.path, env: [], hosts: { app: 'app-1' } });
    expect(redact('see hooks.example/Canary-6 https://hooks.example/Canary-6')).toBe('see hooks.example/Canary-6 ***');
  });

  it('list every secret that cannot be resolved', async () => {
    const { config } = await resources({});
    expect(secretProblems(config)).toEqual([expect.stringContaining('APP'), expect.stringContaining('AUTH')]);
  });

  it('read the people file anew each time', async () => {
    const { made } = await resources({});
    folder.write('cutover.people.yaml', 'people: { a: { roles: [dba] }, b: { roles: [dba] } }');
    expect(Object.keys((await made.people()).roles)).toEqual(['a', 'b']);
    folder.write('cutover.people.yaml', 'people: { a: { roles: [dba] } }');
    expect(Object.keys((await made.people()).roles)).toEqual(['a']);
    folder.write('cutover.people.yaml', 'people: {');
    await expect(made.people()).rejects.toMatchObject({ type: 'Misconfigured' });
  });
});
