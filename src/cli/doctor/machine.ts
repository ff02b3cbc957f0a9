import { existsSync } from 'node:fs';
import { findProgram } from '../../../activities/backup/find-program';
import { findPgTool } from '../../../activities/postgres/tools';
import { BUNDLE_PATH } from '../../runtime/bundle-path';
import type { Config } from '../../runtime/config';
import { packageCopies } from '../../runtime/package-copies';
import { asked, ok, unless, type Finding } from './finding';

const OLDEST_NODE = [20, 19] as const;
/** Of the servers that cutover works with; a newer server needs a newer program, which its preflight says. */
const OLDEST_POSTGRES = 14;

/** This machine: what every command needs, and what only a worker does. */
export async function machineFindings(config: Config | undefined): Promise<readonly Finding[]> {
  const copies = packageCopies();
  const bin = config?.postgresBin === undefined ? {} : { bin: config.postgresBin };
  const tool = (name: 'pg_dump' | 'pg_restore'): Promise<Finding> =>
    asked(name, async () => {
      const found = await findPgTool({ name, atLeastMajor: OLDEST_POSTGRES, ...bin });
      return `${found.version} at ${found.path}`;
    });
  return [
    ...unless('Node', nodeProblems(process.versions.node), `v${process.versions.node}`),
    ...unless('packages', copies.problems, `Temporal SDK ${copies.sdk.join(', ')}, protobufjs ${copies.protobufjs}`),
    ...unless(
      'workflow bundle',
      existsSync(BUNDLE_PATH) ? [] : [`${BUNDLE_PATH} is missing; build it with \`npm run build\``],
      BUNDLE_PATH,
    ),
    await tool('pg_dump'),
    await tool('pg_restore'),
    await zstd(),
  ];
}

export function nodeProblems(version: string): readonly string[] {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const old = major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1]);
  return old ? [`v${version} is too old; install ${OLDEST_NODE.join('.')} or newer`] : [];
}

async function zstd(): Promise<Finding> {
  const path = await findProgram('zstd');
  return path
    ? ok('zstd', path)
    : {
        name: 'zstd',
        verdict: 'warn',
        found: "not found: backups take pg_dump's own gzip, which is several times slower",
      };
}
