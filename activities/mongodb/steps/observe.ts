import { done } from '../../../src/core/evidence';
import { CutoverError, describeError } from '../../../src/core/failure';
import type { Probe } from '../../../src/core/observe-args';
import { compare } from '../../expectation';
import { observeFor } from '../../observe/observe';
import type { Watch } from '../../observe/watch';
import { askHttp, type Answer } from '../../probes/ask-http';
import { askLog } from '../../probes/ask-log';
import { keepLogs } from '../../probes/keep-log';
import type { Resources } from '../../resources';
import { askAggregate } from '../ask-aggregate';
import type { MongoContext, MongoStepHandler } from '../context';
import { isConnectionLoss } from '../errors';

type Context = MongoContext<'observe'>;

export function observeStep(resources: Resources): MongoStepHandler<'observe'> {
  return {
    do: async (context) =>
      observeFor(context, {
        ask: (probe) => ask(resources, context, probe),
        load: () => load(context),
        save: (watch) => save(context, watch),
        atTheEnd: async () => (context.args.keep ? keepLogs(resources, context, context.args.keep) : {}),
      }),
    undo: async () => done('Nothing was changed by observing.'),
  };
}

/** One answer of one probe. A server that cannot be reached gives none: inconclusive, which never counts. */
async function ask(resources: Resources, context: Context, probe: Probe): Promise<Answer> {
  switch (probe.kind) {
    case 'http':
      return askHttp(resources, context.signal, probe);
    case 'log':
      return askLog(resources, context, probe);
    case 'aggregate':
    case 'server':
      return askDatabase(context, probe);
    case 'sql':
      throw new CutoverError('Misconfigured', `Probe ${probe.name} is SQL, which MongoDB does not speak.`);
  }
}

async function askDatabase(context: Context, probe: Extract<Probe, { kind: 'aggregate' | 'server' }>): Promise<Answer> {
  try {
    if (probe.kind === 'server') return await askServer(context);
    const answer = await context.read((db) => askAggregate(db, { ...probe, signal: context.signal }), probe.as);
    return compare(probe.name, probe.expect, answer);
  } catch (error) {
    context.signal.throwIfAborted();
    if (error instanceof CutoverError && error.type === 'Misconfigured') throw error;
    if (isConnectionLoss(error)) return { verdict: 'inconclusive', observed: describeError(error) };
    return { verdict: 'fail', observed: describeError(error) };
  }
}

/** Primary, and how many wait: `serverStatus` says more, which is shown. */
async function askServer(context: Context): Promise<Answer> {
  return context.read(async ({ client }) => {
    const admin = client.db('admin');
    const hello = await admin.command({ hello: 1 });
    const status = (await admin.command({ serverStatus: 1 })) as {
      readonly connections?: { readonly current?: number };
      readonly globalLock?: { readonly currentQueue?: { readonly total?: number } };
      readonly asserts?: { readonly user?: number; readonly regular?: number };
    };
    const primary = hello['isWritablePrimary'] === true;
    const queue = Number(status.globalLock?.currentQueue?.total ?? 0);
    return {
      verdict: primary && queue <= LONGEST_QUEUE ? 'pass' : 'fail',
      observed: `${primary ? 'primary' : 'no primary'}, ${Number(status.connections?.current ?? 0)} connections, ${queue} operations wait, ${Number(status.asserts?.regular ?? 0)} assertions`,
    };
  });
}

const LONGEST_QUEUE = 100;

interface Row {
  readonly _id: string;
  readonly value: string;
}

async function load({ lane, run, step }: Context): Promise<Watch | undefined> {
  const row = await lane.collection<Row>('progress').findOne({ _id: `${run.id}/${step.id}/watch` });
  return row ? (JSON.parse(row.value) as Watch) : undefined;
}

/** In a transaction, so that an overtaken attempt does not put an older watch over a newer one. */
async function save({ transaction, run, step }: Context, watch: Watch): Promise<void> {
  await transaction(async ({ lane, session }) => {
    const value = { value: JSON.stringify(watch), at: new Date().toISOString() };
    await lane
      .collection<Row>('progress')
      .updateOne({ _id: `${run.id}/${step.id}/watch` }, { $set: value }, { upsert: true, session });
  });
}
