import { join } from 'node:path';
import { projectRoot } from '../../src/dev/project-root';

/** Where a file of this example lies beside its sources; SQL and YAML are not copied to lib. */
export function examplePath(...parts: readonly string[]): string {
  return join(projectRoot(), 'examples', '003-client-id', ...parts);
}

/** The compiled entry of one of this example's processes, to be run by `node`. */
export function exampleProcess(...parts: readonly string[]): string {
  return join(projectRoot(), 'lib', 'examples', '003-client-id', ...parts);
}
