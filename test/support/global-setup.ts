import { findOrBuildMongo } from '../../src/dev/mongo-binary';
import { createProgress } from '../../src/dev/progress';
import { openRunDir } from '../../src/dev/run-dir';
import { postgresFor, temporalFor } from '../../src/dev/servers';
import { listenForMongo } from './mongo-starter';

/** As far as it is read here. */
interface JestConfig {
  readonly testPathPatterns: { readonly patterns: readonly string[] };
}

/** One Temporal server and one PostgreSQL for all tests of a project; each test has a database and a task queue of its own. A test file that asks gets a MongoDB server. */
export default async function setUp({ testPathPatterns }: JestConfig): Promise<void> {
  process.env['CUTOVER_TEST_SINCE'] = String(Date.now());
  const runDir = openRunDir('test');
  const progress = createProgress();
  const temporal = await temporalFor(runDir, progress);
  const postgres = await postgresFor(runDir, progress);
  // Before any test waits for it: the build takes minutes.
  if (testPathPatterns.patterns.length === 0 && !process.env['MONGODB_URI']) await findOrBuildMongo(progress);
  process.env['CUTOVER_TEST_TEMPORAL'] = temporal.address;
  process.env['CUTOVER_TEST_POSTGRES'] = postgres.server.superuserUrl;
  process.env['CUTOVER_TEST_CLIENTS'] = postgres.clients;
  process.env['CUTOVER_TEST_MONGO'] = await listenForMongo(runDir, progress);
}
