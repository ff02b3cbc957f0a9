import { runCommand } from './command';
import { isProgram } from './find-program';
import { parseVersion } from './version';

/** The crate `secantus-mdb`, built with nightly Rust: the MongoDB-compatible server that is used where no mongod is. */
export const SECANTUS_CRATE = { name: 'secantus-mdb', version: '0.5.3-beta.196', program: 'secantusd-rs' } as const;
/** The same server in Python, for machines without Rust: quicker to get, slower to run. */
export const SECANTUS_WHEEL = { name: 'SecantusDB', version: '0.7.0b3', program: 'secantusd-py' } as const;

/** The majors that cutover supports. */
export const OLDEST_MONGO_MAJOR = 6;
export const NEWEST_MONGO_MAJOR = 8;

export type MongoKind = 'mongod' | 'secantusd-rs' | 'secantusd-py';

/** A server program that can be started. */
export interface MongoBinary {
  readonly kind: MongoKind;
  readonly path: string;
  /** "8.0.4", or SecantusDB's own: "0.5.3-beta.196". */
  readonly version: string;
  /** For people: "MongoDB 8.0.4" or "SecantusDB 0.5.3-beta.196". */
  readonly name: string;
  /** Where it comes from, as a phrase: "on PATH". */
  readonly how: string;
}

/** A mongod of a supported version, or the reason why not, as a phrase. */
export async function inspectMongod(path: string, how: string): Promise<MongoBinary | { readonly problem: string }> {
  const said = (await isProgram(path))
    ? await runCommand({ command: path, args: ['--version'], env: { LC_ALL: 'C' } }).catch(() => undefined)
    : undefined;
  const numbers = said?.code === 0 ? parseVersion(said.stdout) : undefined;
  if (numbers === undefined) return { problem: `${path} does not run as mongod` };
  const version = numbers.join('.');
  const major = numbers[0] ?? 0;
  if (major < OLDEST_MONGO_MAJOR || major > NEWEST_MONGO_MAJOR)
    return {
      problem: `${path} is MongoDB ${version}; supported are ${OLDEST_MONGO_MAJOR} to ${NEWEST_MONGO_MAJOR}`,
    };
  return { kind: 'mongod', path, version, name: `MongoDB ${version}`, how };
}
