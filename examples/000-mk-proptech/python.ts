import { readFile } from 'node:fs/promises';
import { pythonVenv, type Venv } from '../../src/dev/python-venv';
import type { Progress } from '../../src/dev/progress';
import { examplePath } from './paths';

/** The virtual environment of both releases, made once per machine from app/requirements.txt. */
export async function exampleVenv(progress: Progress): Promise<Venv> {
  const text = await readFile(examplePath('app', 'requirements.txt'), 'utf8');
  const requirements = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return pythonVenv({ name: 'mk-proptech', requirements }, progress);
}
