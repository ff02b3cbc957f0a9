import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../../../src/dev/project-root';
import { temporaryFolder } from '../../runtime/temp-file';

const folder = temporaryFolder();
const support = (name: string): string => join(projectRoot(), 'test/support', name);

it('a file is whole, of the one content or the other, wherever its writer is killed', async () => {
  for (let i = 0; i < 5; i += 1) {
    const file = folder.write('.env', `${'x'.repeat(200_000)}\n`, 0o640);
    const writer = spawn(process.execPath, ['-r', support('swc-register.cjs'), support('victim.ts'), 'replace', file], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(writer.stdout, 'data');
    const until = Date.now() + 40 + i * 13;
    while (Date.now() < until) expect(whole(readFileSync(file, 'utf8'))).toBe(true);
    writer.kill('SIGKILL');
    await once(writer, 'close');
    expect(whole(readFileSync(file, 'utf8'))).toBe(true);
    expect(readFileSync(file, 'utf8')).not.toContain('x');
    expect(statSync(file).mode & 0o777).toBe(0o640);
  }
}, 60_000);

function whole(text: string): boolean {
  return text.length === 200_001 && text === `${(text[0] ?? '').repeat(200_000)}\n`;
}
