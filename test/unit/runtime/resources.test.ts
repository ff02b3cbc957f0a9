import { loadConfig } from '../../../src/runtime/config';
import { createLogger } from '../../../src/runtime/logger';
import { createResources, secretProblems } from '../../../src/runtime/resources';
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
