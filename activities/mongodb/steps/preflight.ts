import { targetOf } from '../../target-of';
import type { Db } from 'mongodb';
import { done, type Evidence } from '../../../src/core/evidence';
import { summed, type Findings } from '../../findings';
import { rootCauseFindings } from '../../lane/root-cause';
import { logFindings } from '../../probes/log-findings';
import type { Resources } from '../../resources';
import { askCapabilities } from '../capabilities';
import type { MongoContext, MongoStepHandler } from '../context';
import { fingerprint } from '../fingerprint';
import { newestRunBefore } from '../lane/newest-run';
import { ledgerIn } from '../lane/ledger';
import { activityFindings } from '../preflight/activity';
import { collectionFindings } from '../preflight/collections';
import { documentFindings } from '../preflight/documents';
import { appUserFindings, scratchFindings, storeFindings } from '../preflight/environment';
import { modelFindings } from '../preflight/model';
import { privilegeFindings } from '../preflight/privileges';
import { serverFindings } from '../preflight/server';

/** Reads only. Every question is asked although an earlier one failed, so that all can be mended at once. */
export function preflightStep(resources: Resources): MongoStepHandler<'preflight'> {
  return {
    do: async (context) => context.read((db) => preflight(resources, context, db)),
    // The claim is the lane's own; there is nothing else to take back.
    undo: async () => done('Preflight changed nothing.'),
  };
}

/** What the questions need of whoever asks them: the step itself, or a dry run that has claimed nothing. */
export type PreflightQuestion = Pick<
  MongoContext<'preflight'>,
  'args' | 'run' | 'signal' | 'step' | 'progress' | 'capture' | 'read' | 'lane'
> &
  Partial<Pick<MongoContext<'preflight'>, 'outside'>>;

export async function preflight(resources: Resources, context: PreflightQuestion, db: Db): Promise<Evidence> {
  const { args, run, signal, step, lane, outside } = context;
  const home = targetOf(resources, step.target, 'mongodb');
  const { client } = db;
  const print = await fingerprint({ client, db });
  const surroundings = { resources, run, signal };
  const { model } = args;
  const asked = [
    async () => serverFindings(await askCapabilities({ client, db }), args.expectedMs),
    () => rootCauseFindings(ledgerIn(lane), { run, before: (store) => newestRunBefore(lane, store, run) }),
    // A dry run has no client that may write, and asks what it can without one.
    ...(outside ? [() => outside((own) => privilegeFindings(own, lane, args))] : []),
    () => collectionFindings(db, args),
    ...(model ? [() => modelFindings(resources, model, signal)] : []),
    () => documentFindings(db, args, context),
    () => activityFindings(db, args.maxTransactionAgeMs),
    () => storeFindings(surroundings, db, args.store),
    () => scratchFindings(surroundings, targetOf(resources, args.scratch, 'mongodb')),
    () => appUserFindings(surroundings, home, print),
    () => logFindings(resources, context, args.logs ?? []),
  ];
  const found: Findings[] = [{ checks: [], figures: { fingerprint: print } }];
  for (const [done, ask] of asked.entries()) {
    signal.throwIfAborted();
    context.progress({ doing: 'looking before anything is done', done, total: asked.length, unit: 'questions' });
    found.push(await ask());
  }
  return summed(step.target, found);
}
