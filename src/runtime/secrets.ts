import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { CutoverError, describeError } from '../core/failure';
import { rememberSecret } from './redact';

export { redact } from './redact';

/** Where a secret is, never what it is: `env:NAME` or `file:path`, relative to the config file's folder. */
export type SecretRef = `env:${string}` | `file:${string}`;

/** From where references are resolved. */
export interface SecretSource {
  readonly env: NodeJS.ProcessEnv;
  /** Folder of the config file. */
  readonly dir: string;
}

export function isSecretRef(text: string): text is SecretRef {
  return /^env:[A-Za-z_][A-Za-z0-9_]*$/.test(text) || /^file:[^\0\n]+$/.test(text);
}

/**
 * The secret itself, read anew at each call, so that a rotated one is taken without a restart. It is known to `redact`
 * from then on.
 *
 * @throws CutoverError Misconfigured; names the reference, never the value.
 */
export function resolveSecret(ref: SecretRef, source: SecretSource): string {
  const value = ref.startsWith('env:') ? fromVariable(ref, source) : fromFile(ref, source);
  if (value.trim() === '') throw misconfigured(`The secret ${ref} is empty; give it a value.`);
  rememberSecret(value);
  return value;
}

function fromVariable(ref: SecretRef, { env }: SecretSource): string {
  const name = ref.slice('env:'.length);
  const value = env[name];
  if (value === undefined)
    throw misconfigured(
      `The environment variable ${name}, which the config names as ${ref}, is not set; set it for the worker.`,
    );
  return value;
}

function fromFile(ref: SecretRef, { dir }: SecretSource): string {
  const path = resolve(dir, ref.slice('file:'.length));
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw misconfigured(`The secret ${ref} cannot be read (${describeError(error)}); create ${path} with mode 0600.`);
  }
  try {
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) throw misconfigured(`The secret ${ref} is not a regular file; name the file itself.`);
    if ((stat.mode & 0o077) !== 0) {
      const mode = (stat.mode & 0o777).toString(8).padStart(4, '0');
      throw misconfigured(`The secret ${ref} can be read by others (mode ${mode}); run \`chmod 600 ${path}\`.`);
    }
    if (stat.size > MAX_BYTES)
      throw misconfigured(`The secret ${ref} has ${stat.size} bytes; a secret has at most 64 KB.`);
    return readFileSync(descriptor, 'utf8').replace(/\r?\n$/, '');
  } finally {
    closeSync(descriptor);
  }
}

function misconfigured(message: string): CutoverError {
  return new CutoverError('Misconfigured', message);
}

const MAX_BYTES = 64 * 1024;
