import { join } from 'node:path';
import { loadConfig } from '../../../src/runtime/config';
import { FileProblems } from '../../../src/runtime/problem';
import { temporaryFolder } from './temp-file';

const folder = temporaryFolder();
let count = 0;

async function load(text: string, env: NodeJS.ProcessEnv = {}) {
  return loadConfig({ file: folder.write(`c${(count += 1)}.yaml`, text), cwd: folder.path, env });
}

async function problems(text: string, env: NodeJS.ProcessEnv = {}) {
  try {
    await load(text, env);
  } catch (error) {
    if (error instanceof FileProblems) return error.problems;
    throw error;
  }
  throw new Error('The config was accepted.');
}

const GOOD = `
targets:
  app: { postgres: env:APP_DATABASE_URL, probeAs: env:APP_ROLE_URL }
  scratch: { postgres: file:secrets/scratch }
  api: { http: "http://127.0.0.1:8080", auth: env:API_AUTH }
  mongo: { mongodb: env:MONGO_URL, probeAs: env:MONGO_APP_URL }
  settings: { envFile: app/.env.production }
  vault: { secretStore: /etc/app/secrets.json }
  backend: { service: { current: app/current, builds: app/builds, restart: [systemctl, restart, backend], health: { target: api, path: /health } } }
  journal: { log: app/uvicorn.log }
stores: { backups: { dir: backups, retain: 30d } }
webhooks: { ops: { url: env:OPS_WEBHOOK, secret: env:OPS_SECRET } }
commands: { allow: [python], cwd: app, env: [PATH], hosts: { app: deploy@app-1 } }
allow: { unsignedInProduction: true }
temporal: { address: "temporal.local", namespace: prod }
taskQueue: cutover-prod
postgresBin: bin
`;

describe('cutover.config.yaml', () => {
  it('is read with paths made absolute, durations in milliseconds and secrets still references', async () => {
    const config = await load(GOOD);
    expect(config.targets).toEqual({
      app: { postgres: 'env:APP_DATABASE_URL', probeAs: 'env:APP_ROLE_URL' },
      scratch: { postgres: 'file:secrets/scratch' },
      api: { http: 'http://127.0.0.1:8080', auth: 'env:API_AUTH' },
      mongo: { mongodb: 'env:MONGO_URL', probeAs: 'env:MONGO_APP_URL' },
      settings: { envFile: join(folder.path, 'app/.env.production') },
      vault: { secretStore: '/etc/app/secrets.json' },
      backend: {
        service: {
          current: join(folder.path, 'app/current'),
          builds: join(folder.path, 'app/builds'),
          restart: ['systemctl', 'restart', 'backend'],
          health: { target: 'api', path: '/health' },
        },
      },
      journal: { log: join(folder.path, 'app/uvicorn.log') },
    });
    expect(config.stores).toEqual({ backups: { dir: join(folder.path, 'backups'), retainMs: 30 * 86_400_000 } });
    expect(config.commands).toEqual({
      allow: ['python'],
      cwd: join(folder.path, 'app'),
      env: ['PATH'],
      hosts: { app: 'deploy@app-1' },
    });
    expect(config.temporal).toEqual({ address: 'temporal.local:7233', namespace: 'prod' });
    expect(config).toMatchObject({ taskQueue: 'cutover-prod', allow: { unsignedInProduction: true } });
    expect(config.people).toBe(join(folder.path, 'cutover.people.yaml'));
  });

  it('may be absent: the defaults hold', async () => {
    const config = await loadConfig({ cwd: join(folder.path, 'nowhere'), env: {} });
    expect(config).toMatchObject({
      file: undefined,
      taskQueue: 'cutover',
      temporal: { address: '127.0.0.1:7233', namespace: 'default' },
    });
  });

  it('gives way to TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE', async () => {
    const config = await load(GOOD, { TEMPORAL_ADDRESS: '[::1]:7300', TEMPORAL_NAMESPACE: 'other' });
    expect(config.temporal).toEqual({ address: '[::1]:7300', namespace: 'other' });
  });

  const cases: readonly [name: string, text: string, path: string, fragment: string][] = [
    [
      'a literal connection string',
      'targets: { app: { postgres: "postgres://u:Canary-77@h/db" } }',
      'targets.app.postgres',
      'never the secret itself',
    ],
    ['a target of no kind', 'targets: { app: {} }', 'targets.app', 'say what this target is'],
    ['a target of two kinds', 'targets: { app: { postgres: env:A, http: "http://h" } }', 'targets.app', ''],
    [
      'credentials in an http address',
      'targets: { api: { http: "http://u:Canary-77@h" } }',
      'targets.api.http',
      'without credentials',
    ],
    ['an http address without a scheme', 'targets: { api: { http: "h:80" } }', 'targets.api.http', 'http://'],
    ['a mistyped key', 'tragets: {}', 'tragets', 'did you mean targets'],
    ['a mistyped inner key', 'stores: { b: { dri: x } }', 'stores.b.dri', 'did you mean dir'],
    ['a missing dir', 'stores: { b: {} }', 'stores.b.dir', 'add it'],
    ['a duration without a unit', 'stores: { b: { dir: x, retain: "30" } }', 'stores.b.retain', 'with its unit'],
    ['a duration with a space', 'stores: { b: { dir: x, retain: "5 minutes" } }', 'stores.b.retain', 'with its unit'],
    ['a target name in capitals', 'targets: { App: { postgres: env:A } }', 'targets.App', 'small letters'],
    ['a number for a boolean', 'allow: { unsignedInProduction: 1 }', 'allow.unsignedInProduction', 'true or false'],
    [
      'a value for a variable name',
      'commands: { env: ["PATH=/bin"] }',
      'commands.env.0',
      'name of an environment variable',
    ],
    [
      'a host that ssh would take for an option',
      'commands: { hosts: { a: "-oProxyCommand=x" } }',
      'hosts.a',
      'user@host',
    ],
    [
      'a literal MongoDB address',
      'targets: { app: { mongodb: "mongodb://u:Canary-77@h/db" } }',
      'targets.app.mongodb',
      'never the secret itself',
    ],
    [
      'a service without a health check',
      'targets: { b: { service: { current: c, builds: b, restart: [r] } } }',
      'targets.b.service.health',
      'add it',
    ],
    [
      'a health check with a whole address',
      'targets: { b: { service: { current: c, builds: b, restart: [r], health: { target: a, path: "http://h/x" } } } }',
      'targets.b.service.health.path',
      'begins with /',
    ],
    [
      'a restart as one line',
      'targets: { b: { service: { current: c, builds: b, restart: r, health: { target: a, path: / } } } }',
      'targets.b.service.restart',
      'a list',
    ],
    ['a mistyped kind of target', 'targets: { b: { envfile: .env } }', 'targets.b', 'envFile'],
    ['a list', '[]', '', 'a mapping'],
    ['a key twice', 'taskQueue: a\ntaskQueue: b', 'line 2', 'one plain YAML document'],
    ['two documents', 'taskQueue: a\n---\ntaskQueue: b', '', 'one plain YAML document'],
    ['an alias', 'stores: &s { b: { dir: x } }\nwebhooks: *s', '', 'write the value out'],
    ['a tag', 'taskQueue: !!js/function "x"', '', 'one plain YAML document'],
  ];

  it.each(cases)('refuses %s, naming the field and what to write', async (_name, text, path, fragment) => {
    const found = await problems(text);
    expect(found.map((p) => p.path).join(' ')).toContain(path);
    expect(found.map((p) => `${p.expected} ${p.fix}`).join(' ')).toContain(fragment);
    expect(JSON.stringify(found)).not.toContain('Canary-77');
  });

  it('tells all problems at once', async () => {
    const found = await problems('targets: { App: { postgres: x } }\nfoo: 1\nstores: { b: {} }');
    expect(found.length).toBeGreaterThanOrEqual(3);
  });

  it.each([
    ['http://localhost:7233', 'localhost:7233'],
    ['::1', '[::1]:7233'],
    ['host:0', 'host:7233'],
    ['host:70000', 'host:7233'],
    ['[zz]:1', '[::1]:7233'],
    ['a b', '127.0.0.1:7233'],
  ])('says what to write instead of TEMPORAL_ADDRESS=%s', async (address, instead) => {
    const [problem] = await problems('{}', { TEMPORAL_ADDRESS: address });
    expect(problem).toMatchObject({ path: 'TEMPORAL_ADDRESS' });
    expect(problem?.fix).toContain(instead);
  });

  it('wants certificate and key together', async () => {
    const file = folder.write('cert.pem', 'x');
    const [problem] = await problems('{}', { TEMPORAL_TLS_CLIENT_CERT_PATH: file });
    expect(problem).toMatchObject({ path: 'TEMPORAL_TLS_CLIENT_KEY_PATH', expected: 'certificate and key together' });
  });

  it('turns TLS on for an API key, and prints neither', async () => {
    const config = await load('{}', { TEMPORAL_API_KEY: 'Canary-api-key' });
    expect(config.temporal.tls).toEqual({});
    expect(config.temporal.apiKey?.()).toBe('Canary-api-key');
    expect(JSON.stringify({ temporal: config.temporal })).not.toContain('Canary');
  });
});
