import type { Db } from 'mongodb';
import { FAILURES, type Failure } from '../../src/core/failure';
import type { Verb } from '../../src/core/step';
import { freshMongo, MONGO_PATIENCE, type FreshMongo } from '../support/mongo';
import { faultyMongo, type Fault, type FaultyMongo } from '../support/mongo-faults';
import { contentOf, FaultsRun, proveLedger } from '../support/mongo-faults-run';
import { DRAWN, fillFaults, MEMBERS, STAMP, STEPS, type AnyStep } from '../support/mongo-faults-steps';

jest.setTimeout(120_000);

let faulty: FaultyMongo;
let mongo: FreshMongo;
let db: Db;
let lane: Db;
let runs = 0;
/** Of a run that nobody disturbed: the application's collections before it, after it, and the archive after its undo. */
let undisturbed: Trace;

beforeAll(async () => {
  faulty = await faultyMongo();
  mongo = await freshMongo();
  db = faulty.client.db(mongo.database);
  lane = faulty.client.db(`cutover_${mongo.database}`);
  undisturbed = (await thereAndBack()).trace;
}, MONGO_PATIENCE);

afterEach(() => faulty.heal());

afterAll(async () => {
  await faulty?.[Symbol.asyncDispose]();
});

const READS_AND_SHAPES = [
  ...['find', 'aggregate', 'getMore', 'listCollections', 'listIndexes'],
  ...['create', 'createIndexes', 'collMod', 'drop', 'dropIndexes'],
];
const WRITES_AND_COMMITS = ['insert', 'update', 'delete', 'findAndModify', 'commitTransaction'];
/** More than the driver and a transaction try by themselves before they give up. */
const OFTEN = 8;
const LATE = { code: 64, errmsg: 'waiting for replication timed out' };
const LEAVING = { code: 91, errmsg: 'Replication is being shut down' };

/** Which attempts fail at all: what is named here is tried again by nobody but Temporal, or an operator. */
type Promised = readonly [failure: Failure['type'], words: RegExp];
const CLOSED: Promised = ['Unavailable', /connection \d+ to .* closed/];

describe.each([
  ['questions and shapes', READS_AND_SHAPES],
  ['writes and commits', WRITES_AND_COMMITS],
])('%s: a run there and back is as if nothing had happened', (_, commands) => {
  test.each<[string, Omit<Fault, 'commands'>, Promised]>([
    ['whose line is cut once', { closeConnection: true, times: 1 }, CLOSED],
    ['whose line is cut again and again', { closeConnection: true, times: OFTEN }, CLOSED],
    ['that meet a server that shuts down, once', { errorCode: 91, times: 1 }, ['Unavailable', /code 91\)/]],
    [
      'that meet a primary that steps down, again and again',
      { errorCode: 189, times: OFTEN },
      ['Unavailable', /code 189\)/],
    ],
    ['that are not allowed, once', { errorCode: 13, times: 1 }, ['Refused', /Unauthorized, code 13\)/]],
    ['that a proxy of a cloud refuses, once', { errorCode: 8000, times: 1 }, ['Refused', /code 8000\)/]],
    ['that no majority is known to have, once', { writeConcernError: LATE, times: 1 }, ['Unavailable', /code 64\)/]],
    [
      'that no majority is known to have, again and again',
      { writeConcernError: LEAVING, times: OFTEN },
      ['Unavailable', /code 91\)/],
    ],
  ])('%s', async (name, fault, [type, words]) => {
    // A place of its own in every verb: no two faults strike all steps at the same command.
    const offset = name.length;
    const { trace, failures } = await thereAndBack((verb) => ({ ...fault, commands, skip: (verb * 5 + offset) % 12 }));
    expect(trace).toEqual(undisturbed);
    for (const failure of failures) {
      expect(failure).toEqual({ type, message: expect.stringMatching(words) });
      expect(failure.message).not.toMatch(secret());
    }
    // The driver itself sends questions and single writes once more when a line was cut, and only then.
    if (fault.times === OFTEN || type === 'Refused') expect(failures.length).toBeGreaterThan(2);
  });
});

test('a deletion of many that no majority vouches for is not sent again behind our back: the attempt fails by name, and the next one finds it done', async () => {
  const run = await begun();
  for (const step of STEPS.slice(0, STEPS.indexOf(MEMBERS) + 1)) await run.through(step as typeof STAMP);
  const found: number[] = [];
  const { evidence, failures } = await run.through(MEMBERS, {
    verb: 'undo',
    before: async ({ n, appName }) => {
      found.push(await db.collection('memberships').countDocuments({}));
      if (n === 1) await faulty.fail({ appName, commands: ['delete'], writeConcernError: LATE, times: 1 });
    },
  });
  expect(failures).toEqual([{ type: 'Unavailable', message: `${LATE.errmsg} (code 64)` }]);
  expect(FAILURES.Unavailable.retry).toBe(true);
  expect(found).toEqual([2, 0]);
  expect(evidence).toMatchObject({ verdict: 'pass' });
  expect(await lane.collection('archive_documents').countDocuments({ '_id.table': 'memberships' })).toBe(2);
});

test('a server that holds an answer back for longer than the attempt lives: the attempt leaves at once, the next one finishes, and the late write changes nothing', async () => {
  const run = await begun();
  for (const step of STEPS.slice(0, 4)) await run.through(step as typeof STAMP);
  const cut = new AbortController();
  const began = performance.now();
  const { evidence, failures } = await run.through(STAMP, {
    signal: cut.signal,
    before: async ({ n, appName }) => {
      if (n > 1) return;
      await faulty.fail({ appName, commands: ['update'], times: 1, skip: 1, blockMs: 3_000 });
      setTimeout(() => cut.abort(new Error('the heartbeat was not answered')), 400);
    },
  });
  expect(failures).toHaveLength(1);
  expect(performance.now() - began).toBeLessThan(2_900);
  expect(evidence.verdict).toBe('pass');
  const after = await contentOf(db, DRAWN);
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, 3_600 - (performance.now() - began))));
  expect(await contentOf(db, DRAWN)).toEqual(after);
  await proveLedger(lane, run.run.ref.id);
});

interface Trace {
  readonly before: unknown;
  readonly after: unknown;
  readonly back: unknown;
  readonly archived: number;
}

async function begun(): Promise<FaultsRun> {
  runs += 1;
  await faulty.heal();
  await fillFaults(db);
  for (const name of ['claim', 'archive_documents', 'inserted']) await lane.collection(name).deleteMany({});
  const run = new FaultsRun(mongo, lane, `000.${String(runs).padStart(8, '0')}`);
  await run.claim();
  return run;
}

/** Every step and its undo; `faultOf` says what strikes the first attempt of each of these verbs. */
async function thereAndBack(
  faultOf?: (verb: number) => Fault,
): Promise<{ readonly trace: Trace; readonly failures: readonly Failure[] }> {
  const run = await begun();
  const failures: Failure[] = [];
  let verbs = 0;
  const through = async (step: AnyStep, verb: Verb): Promise<void> => {
    const fault = faultOf?.(verbs++);
    const ended = await run.through(step as typeof STAMP, {
      verb,
      before: async ({ n, appName }) => {
        if (fault && n === 1) await faulty.fail({ ...fault, appName });
      },
    });
    expect(ended.evidence).toMatchObject({ verdict: 'pass' });
    failures.push(...ended.failures);
  };
  const before = await contentOf(db, DRAWN);
  for (const step of STEPS) await through(step, 'do');
  const after = await contentOf(db, DRAWN);
  for (const step of [...STEPS].reverse()) await through(step, 'undo');
  const [back, archived] = [await contentOf(db, DRAWN), await lane.collection('archive_documents').countDocuments({})];
  expect(back).toEqual(before);
  await proveLedger(lane, run.run.ref.id);
  return { trace: { before, after, back, archived }, failures };
}

/** Passwords and everything that says where they are used. */
function secret(): RegExp {
  const passwords = [mongo.urls.tool, mongo.urls.app, mongo.urls.root].map((url) => new URL(url).password);
  return new RegExp(['mongodb://', ...passwords.map((word) => word.replace(/[^\w]/g, '\\$&'))].join('|'));
}
