import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

/** What one process of the service started with. */
export interface Started {
  readonly build: string;
  readonly tenancy: string;
}

/**
 * A service of its own processes: builds side by side, a link, an env file that is read at the start and never again, a
 * log. While the file `hold` is there a restart does not come to its end; the build `broken` never gets healthy.
 */
export interface SmallService extends AsyncDisposable {
  readonly dir: string;
  readonly base: string;
  readonly envFile: string;
  readonly log: string;
  /** The build that the link names. */
  linked(): Promise<string>;
  /** Every start, oldest first: not only what runs, also what ran meanwhile. */
  starts(): Promise<readonly Started[]>;
  hold(held: boolean): Promise<void>;
  /** Lines for a worker's config: below `targets:`, and in place of `commands: { allow: [] }`. */
  readonly targets: string;
  readonly commands: string;
}

export async function smallService(builds: readonly string[]): Promise<SmallService> {
  const dir = await mkdtemp(join(tmpdir(), 'cutover-service-'));
  const at = (name: string): string => join(dir, name);
  for (const build of builds) await mkdir(join(dir, 'builds', build), { recursive: true });
  await symlink(`builds/${builds[0] ?? ''}`, at('current'));
  await writeFile(at('app.env'), '# of the service\nTENANCY=off\n');
  await writeFile(at('service.cjs'), SERVICE);
  const port = await freePort();
  await writeFile(at('restart'), RESTART, { mode: 0o755 });
  await writeFile(at('port'), String(port));
  await writeFile(at('app.log'), '');
  const base = `http://127.0.0.1:${port}`;
  return {
    dir,
    base,
    envFile: at('app.env'),
    log: at('app.log'),
    linked: async () => basename(await readlink(at('current'))),
    starts: async () => {
      const text = existsSync(at('starts')) ? await readFile(at('starts'), 'utf8') : '';
      return text
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Started);
    },
    hold: (held) => (held ? writeFile(at('hold'), '') : rm(at('hold'), { force: true })),
    targets: [
      `  web: { http: ${base} }`,
      `  settings: { envFile: ${at('app.env')} }`,
      `  app-log: { log: ${at('app.log')} }`,
      `  backend: { service: { current: ${at('current')}, builds: ${at('builds')}, restart: [./restart], health: { target: web, path: /health } } }`,
      '',
    ].join('\n'),
    commands: `commands: { allow: [./restart], cwd: ${dir} }`,
    [Symbol.asyncDispose]: async () => {
      const pid = Number(await readFile(at('pid'), 'utf8').catch(() => '0'));
      if (pid > 0 && (await isService(pid, at('service.cjs')))) process.kill(pid, 'SIGKILL');
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** The number may be another's by now. */
async function isService(pid: number, script: string): Promise<boolean> {
  return (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).includes(script);
}

/** Below those that the kernel gives to whoever asks for any: nobody else gets it between two starts. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 15_000 + Math.floor(Math.random() * 15_000);
    const server = createServer();
    const free = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!free) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
}

const RESTART = `#!/bin/sh
while [ -e hold ]; do sleep 0.05; done
if [ -e pid ]; then
  kill "$(cat pid)" 2>/dev/null
  while kill -0 "$(cat pid)" 2>/dev/null; do sleep 0.05; done
fi
setsid ${process.execPath} "$PWD/service.cjs" </dev/null >>service.out 2>&1 &
echo $! > pid
`;

const SERVICE = `
const { appendFileSync, readFileSync, realpathSync } = require('node:fs');
const { basename, join } = require('node:path');
const build = basename(realpathSync(join(__dirname, 'current')));
const tenancy = /^TENANCY=(.*)$/m.exec(readFileSync(join(__dirname, 'app.env'), 'utf8'))[1];
appendFileSync(join(__dirname, 'starts'), JSON.stringify({ build, tenancy }) + '\\n');
appendFileSync(join(__dirname, 'app.log'), 'INFO started as ' + build + '\\n');
require('node:http').createServer((request, response) => {
  response.writeHead(build === 'broken' ? 503 : 200).end(JSON.stringify({ build, tenancy }));
}).listen(Number(readFileSync(join(__dirname, 'port'), 'utf8')), '127.0.0.1');
`;
