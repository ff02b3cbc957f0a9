import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';

describe('a process that holds servers leaves nothing running', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'on %s, and removes its folder',
    async (signal) => {
      const held = await holdServers();
      held.process.kill(signal);
      const [code] = await once(held.process, 'exit');
      expect(code).toBe({ SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }[signal]);
      expect(held.pids.filter(isAlive)).toEqual([]);
      expect(existsSync(held.folder)).toBe(false);
    },
    120_000,
  );

  // The kernel's doing (setpriv --pdeathsig): only Linux has it.
  const onLinux = process.platform === 'linux' ? it : it.skip;
  onLinux(
    'even when it is killed with SIGKILL',
    async () => {
      const held = await holdServers();
      held.process.kill('SIGKILL');
      await once(held.process, 'exit');
      for (let tries = 0; tries < 100 && held.pids.some(isAlive); tries++) await pause(50);
      expect(held.pids.filter(isAlive)).toEqual([]);
      rmSync(held.folder, { recursive: true });
    },
    120_000,
  );
});

async function holdServers() {
  const script = [join(__dirname, 'swc-hook.cjs'), join(__dirname, 'hold-servers.ts')] as const;
  const child = spawn(process.execPath, ['-r', ...script], { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: child.stdout })) {
    const { folder, pids } = JSON.parse(line) as { readonly folder: string; readonly pids: readonly number[] };
    return { process: child, folder, pids };
  }
  throw new Error('The process ended before its servers were up; its error is above.');
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
