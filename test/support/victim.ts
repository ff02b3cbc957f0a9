import { placeFile } from '../../activities/configure/replace-file';
import { runCommand } from '../../activities/command/run-command';
import { workerResources } from './worker-resources';

/** A process to be killed: `replace <file>` writes it again and again, `command <folder>` waits for a program. */
async function main([what, path = '']: readonly string[]): Promise<void> {
  if (what === 'command') {
    const resources = workerResources({ commands: { allow: ['sh'], cwd: path } });
    const spec = { argv: ['sh', '-c', 'echo $$ > pid.new; mv pid.new pid; sleep 300'], timeoutMs: 300_000 };
    await runCommand(resources, spec, { signal: new AbortController().signal });
    return;
  }
  process.stdout.write('begins\n');
  for (let i = 0; ; i += 1) await placeFile({ path, text: `${String(i % 10).repeat(200_000)}\n`, mode: 0o640 });
}

void main(process.argv.slice(2));
