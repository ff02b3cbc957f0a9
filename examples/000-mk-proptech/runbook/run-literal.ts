import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { examplePath } from '../paths';

export interface LiteralOptions {
  /** The whole environment beside PATH: what `set -a; source .env.production` would have exported. */
  readonly env: Readonly<Record<string, string>>;
  /** The virtual environment's python. */
  readonly python: string;
  /**
   * Where the scripts are typed. The runbook says `cd …/backend`, from where `backend` cannot be imported (trap T0.6);
   * the release folder above it works.
   */
  readonly cwd: string;
}

/**
 * Types the runbook's Phase 3 as it stands, `migrate` and the backfill script, and answers with what was printed.
 * For tests that show what it leaves behind; never for anything else. Throws when a script fails, with its last words.
 */
export async function runLiteral(options: LiteralOptions): Promise<string> {
  await runPython(options, ['-m', 'backend.manage', 'migrate']);
  return runPython(options, ['-'], await script('phase_3_backfill.py'));
}

/** Types the query of Phase 4: one line per collection, `name: N documents missing tenant_id`. */
export async function validateLiteral(options: LiteralOptions): Promise<string> {
  return runPython(options, ['-'], await script('phase_4_validate.py'));
}

const script = (name: string): Promise<string> => readFile(examplePath('runbook', name), 'utf8');

function runPython({ env, python, cwd }: LiteralOptions, args: readonly string[], input = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(python, args, { cwd, env: { PATH: process.env.PATH, PYTHONDONTWRITEBYTECODE: '1', ...env } });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString('utf8')));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString('utf8')));
    child.stdin.on('error', () => undefined); // it may end before it has read all; its exit code tells
    child.stdin.end(input);
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) return resolve(stdout);
      const last = stderr.trim().split('\n').at(-1) ?? '';
      reject(new Error(`The runbook's ${args.join(' ')} in ${basename(cwd)} ended with ${code ?? 'a signal'}: ${last}`));
    });
  });
}
