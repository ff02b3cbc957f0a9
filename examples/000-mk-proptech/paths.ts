import { join } from 'node:path';
import { projectRoot } from '../../src/dev/project-root';

/** Where a file of this example lies beside its sources; Python, HTML and YAML are not copied to lib. */
export function examplePath(...parts: readonly string[]): string {
  return join(projectRoot(), 'examples', '000-mk-proptech', ...parts);
}

/** The compiled entry of one of this example's processes, to be run by `node`. */
export function exampleProcess(...parts: readonly string[]): string {
  return join(projectRoot(), 'lib', 'examples', '000-mk-proptech', ...parts);
}

/** Names of the two releases under app/releases, which are also the builds that /health tells. */
export const LEGACY_BUILD = '2026-10-single';
export const TENANT_BUILD = '2026-11-tenants';
