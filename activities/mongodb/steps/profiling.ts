import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Db } from 'mongodb';
import { done, type Evidence } from '../../../src/core/evidence';
import { CutoverError } from '../../../src/core/failure';
import { shelfOf } from '../../backup/shelf';
import type { Resources } from '../../resources';
import type { MongoContext, MongoStepHandler } from '../context';
import { codeOf } from '../duplicate-key';
import { recall } from '../recall';

type Context = MongoContext<'profiling'>;

type Profile = { readonly level: number; readonly slowMs: number };

/** Slow statements go into the server's own log and profile while the run lasts; what was set before comes back. */
export const profilingStep = (resources: Resources): MongoStepHandler<'profiling'> => ({
  do: async (context) => {
    const { args } = context;
    if ('restore' in args)
      return putBack(resources, context, await context.captured<Profile>({ step: args.restore, name: 'was' }));
    const was = await context.read(readProfile);
    if (was === undefined) return done('This server has no profiler: slow statements are not recorded.');
    await context.capture<Profile>('was', () => Promise.resolve(was));
    const level = Math.max(was.level, 1);
    await context.outside((db) => db.command({ profile: level, slowms: args.slowMs }));
    const now = await context.read(readProfile);
    if (now?.slowMs !== args.slowMs)
      throw new CutoverError('Refused', `The server did not take slowms ${args.slowMs}; it has ${now?.slowMs ?? '?'}.`);
    return done(`statements over ${args.slowMs} ms are recorded; before: level ${was.level}, ${was.slowMs} ms`, {
      slowMs: args.slowMs,
      slowMsBefore: was.slowMs,
      levelBefore: was.level,
    });
  },
  undo: async (context) => {
    if ('restore' in context.args) return done('What was set before stays.');
    const was = await recall<Profile>(context, 'was');
    return was ? putBack(resources, context, was) : done('Nothing was set.');
  },
});

async function putBack(resources: Resources, context: Context, was: Profile): Promise<Evidence> {
  const slow = await context.read((db) => keepSlow(resources, context, db));
  await context.outside((db) => db.command({ profile: was.level, slowms: was.slowMs }));
  return done(`profiling is as it was: level ${was.level}, ${was.slowMs} ms; ${slow} slow statements are kept`, {
    slowStatements: slow,
  });
}

/** What was slow, and why, beside the run's backup. Filters and documents are left out: they hold people's data. */
async function keepSlow(resources: Resources, { args, run, step }: Context, db: Db): Promise<number> {
  const { dir } = shelfOf(resources.store(args.store).dir, run, step.id);
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const found = await db
    .collection('system.profile')
    .find({}, { projection: SHAPE, sort: { ts: 1 }, limit: MOST })
    .toArray()
    .catch(() => []);
  const lines = found.map((one) => `${JSON.stringify(one)}\n`).join('');
  await writeFile(join(dir, 'slow-statements.jsonl'), lines, { mode: 0o600 });
  return found.length;
}

const SHAPE = {
  _id: 0,
  ts: 1,
  op: 1,
  ns: 1,
  millis: 1,
  planSummary: 1,
  docsExamined: 1,
  keysExamined: 1,
  nreturned: 1,
  appName: 1,
} as const;
const MOST = 10_000;

async function readProfile(db: Db): Promise<Profile | undefined> {
  try {
    const { was, slowms } = await db.command({ profile: -1 });
    return { level: Number(was ?? 0), slowMs: Number(slowms ?? 100) };
  } catch (error) {
    if (codeOf(error) === 59) return undefined;
    throw error;
  }
}
