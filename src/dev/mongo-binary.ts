import { errorMessage } from './error-code';
import { programsOnPath } from './find-program';
import { downloadedMongods } from './mongo-memory-server';
import { buildSecantus, cachedSecantus, installSecantus } from './mongo-secantus';
import { inspectMongod, NEWEST_MONGO_MAJOR, OLDEST_MONGO_MAJOR, type MongoBinary } from './mongo-versions';
import type { Progress } from './progress';

/**
 * A server program that speaks MongoDB: `MONGOD_PATH`, `mongod` on PATH, one that npm's mongodb-memory-server has
 * downloaded, SecantusDB in the cache, SecantusDB built now with cargo (about 5 minutes, once), SecantusDB from PyPI.
 *
 * @throws when none is there and none can be made; the message says what was tried and what to install.
 */
export async function findOrBuildMongo(progress: Progress, env: NodeJS.ProcessEnv = process.env): Promise<MongoBinary> {
  const passedOver: string[] = [];
  const found = await lookFor(env, passedOver);
  if (found !== undefined) return found;
  for (const make of [buildSecantus, installSecantus]) {
    try {
      return await make(progress, env);
    } catch (error) {
      passedOver.push(errorMessage(error));
    }
  }
  throw new Error(
    `No MongoDB server was found, and none could be made:\n${passedOver.map((line) => `  - ${line}`).join('\n')}\nInstall MongoDB ${OLDEST_MONGO_MAJOR} to ${NEWEST_MONGO_MAJOR} and put mongod on PATH or in MONGOD_PATH, or install Rust with the nightly toolchain (rustup toolchain install nightly), or Python 3 with venv, or set MONGODB_URI to a replica set that runs already (docker compose up -d starts one).`,
  );
}

/** As `findOrBuildMongo`, but makes nothing: undefined when there is none yet. */
export function findMongo(env: NodeJS.ProcessEnv = process.env): Promise<MongoBinary | undefined> {
  return lookFor(env, []);
}

async function lookFor(env: NodeJS.ProcessEnv, passedOver: string[]): Promise<MongoBinary | undefined> {
  if (env.MONGOD_PATH) return fromVariable(env.MONGOD_PATH);
  for (const [path, how] of await mongods(env)) {
    const found = await inspectMongod(path, how);
    if (!('problem' in found)) return found;
    passedOver.push(found.problem);
  }
  return cachedSecantus(env);
}

async function mongods(env: NodeJS.ProcessEnv): Promise<readonly (readonly [path: string, how: string])[]> {
  const onPath = (await programsOnPath('mongod', env.PATH)).map((path) => [path, 'on PATH'] as const);
  const downloaded = await downloadedMongods(env);
  return [...onPath, ...downloaded.map((path) => [path, "downloaded by npm's mongodb-memory-server"] as const)];
}

async function fromVariable(path: string): Promise<MongoBinary> {
  const found = await inspectMongod(path, 'MONGOD_PATH');
  if (!('problem' in found)) return found;
  throw new Error(`MONGOD_PATH cannot be used: ${found.problem}. Point it at a mongod program, or unset it.`);
}
