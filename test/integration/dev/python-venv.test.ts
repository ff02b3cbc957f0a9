import { join } from 'node:path';
import { runOrThrow } from '../../../src/dev/command';
import { silent } from '../../../src/dev/progress';
import { findPython } from '../../../src/dev/python';
import { makeVenv, venvPython } from '../../../src/dev/python-make-venv';
import { pythonVenv } from '../../../src/dev/python-venv';
import { openRunDir, type RunDir } from '../../../src/dev/run-dir';

let run: RunDir;
let env: NodeJS.ProcessEnv;

beforeEach(() => {
  run = openRunDir('venv');
  env = { ...process.env, CUTOVER_CACHE: join(run.path, 'cache') };
});
afterEach(() => run.close());

describe('pythonVenv', () => {
  it('makes one venv for two that ask at once, and hands the same out later', async () => {
    const wanted = { name: 'test', requirements: ['idna==3.10'], env };
    const [first, second] = await Promise.all([pythonVenv(wanted, silent), pythonVenv(wanted, silent)]);
    expect(second).toEqual(first);
    await expect(pythonVenv(wanted, silent)).resolves.toEqual(first);
    const said = await runOrThrow('python', {
      command: first.python,
      args: ['-c', 'import idna; print(idna.__version__)'],
    });
    expect(said.stdout.trim()).toBe('3.10');
  }, 120_000);

  it('hands out nothing that a failed installation left', async () => {
    const wanted = { name: 'test', requirements: ['idna==0.0.999'], env };
    await expect(pythonVenv(wanted, silent)).rejects.toThrow(/Installing Python packages failed/);
    await expect(pythonVenv(wanted, silent)).rejects.toThrow(/Installing Python packages failed/);
  }, 120_000);

  it('refuses a requirement that is not pinned', async () => {
    await expect(pythonVenv({ name: 'test', requirements: ['idna>=3'], env }, silent)).rejects.toThrow(
      /"idna>=3" is not pinned/,
    );
  });

  it('without Python says what to install', async () => {
    const none = { ...env, PATH: run.path };
    await expect(pythonVenv({ name: 'test', requirements: [], env: none }, silent)).rejects.toThrow(/install python3/);
  });
});

describe('makeVenv', () => {
  it('puts pip in from outside where venv has no ensurepip', async () => {
    const python = await findPython(env);
    if (python === undefined) throw new Error('This test needs Python 3 on PATH.');
    const folder = join(run.path, 'venv');
    await makeVenv(python, folder, env, (way) => way.startsWith('venv --without-pip'));
    await runOrThrow('pip', { command: venvPython(folder), args: ['-m', 'pip', '--version'] });
  }, 120_000);

  it('names every way that failed', async () => {
    const python = { command: '/nowhere/python3', version: '3.11.7', prefix: '/nowhere' };
    await expect(makeVenv(python, join(run.path, 'venv'), env)).rejects.toThrow(
      /- venv:[^]*- virtualenv:[^]*- uv:[^]*Install python3-venv/,
    );
  });
});
