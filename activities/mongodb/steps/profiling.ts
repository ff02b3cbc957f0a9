import type { Db } from 'mongodb';
import { done, type Evidence } from '../../../src/core/evidence';
import { CutoverError } from '../../../src/core/failure';
import type { MongoContext, MongoStepHandler } from '../context';
import { codeOf } from '../duplicate-key';
import { recall } from '../recall';

type Context = MongoContext<'profiling'>;

type Profile = { readonly level: number; readonly slowMs: number };

/** Slow statements go into the server's own log and profile while the run lasts; what was set before comes back. */
export const profilingStep: MongoStepHandler<'profiling'> = {
  do: async (context) => {
    const { args } = context;
    if ('restore' in args)
      return putBack(context, await context.captured<Profile>({ step: args.restore, name: 'was' }));
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
    return was ? putBack(context, was) : done('Nothing was set.');
  },
};

async function putBack(context: Context, was: Profile): Promise<Evidence> {
  const slow = await context.read(slowest);
  await context.outside((db) => db.command({ profile: was.level, slowms: was.slowMs }));
  return done(`profiling is as it was: level ${was.level}, ${was.slowMs} ms`, { slowStatements: slow });
}

async function readProfile(db: Db): Promise<Profile | undefined> {
  try {
    const { was, slowms } = await db.command({ profile: -1 });
    return { level: Number(was ?? 0), slowMs: Number(slowms ?? 100) };
  } catch (error) {
    if (codeOf(error) === 59) return undefined;
    throw error;
  }
}

/** How many were recorded; the statements themselves stay on the server, they hold people's data. */
async function slowest(db: Db): Promise<number> {
  const [found] = await db
    .collection('system.profile')
    .aggregate<{ readonly n: number }>([{ $count: 'n' }])
    .toArray()
    .catch(() => []);
  return Number(found?.n ?? 0);
}
