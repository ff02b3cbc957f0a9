import type { ConfigStore } from './config-store';
import { CutoverError } from '../../src/core/failure';
import type { EnvFileTarget, Resources, SecretStoreTarget } from '../resources';
import { envText } from './env-text';
import { fileStore } from './file-store';
import { secretText } from './secret-text';

/** @throws Misconfigured when the target is no env file or secret store. */
export function configStore(resources: Resources, name: string): ConfigStore {
  const target = resources.target(name);
  if (target.kind === 'env-file' || target.kind === 'secret-store') return storeOf(target);
  throw new CutoverError(
    'Misconfigured',
    `Target "${name}" is of kind ${target.kind}; settings live in an envFile or secretStore target.`,
  );
}

function storeOf(target: EnvFileTarget | SecretStoreTarget): ConfigStore {
  return target.kind === 'env-file'
    ? fileStore({ target: target.name, path: target.path, format: envText, secret: false })
    : fileStore({ target: target.name, path: target.file, format: secretText, secret: true });
}
