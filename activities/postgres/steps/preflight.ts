import { targetOf } from '../../target-of';
import { evidenceOf, type Evidence } from '../../../src/core/evidence';
import type { Resources } from '../../resources';
import { rootCauseFindings } from '../../lane/root-cause';
import { logFindings } from '../../probes/log-findings';
import type { PgContext, PgSession, PgStepHandler } from '../context';
import { fingerprint } from '../fingerprint';
import { ledgerOn } from '../lane/ledger';
import { newestRunBefore } from '../lane/newest-run';
import { activityFindings } from '../preflight/activity';
import { adoptFindings } from '../preflight/adopts';
import { archiveFindings } from '../preflight/archive';
import { flagFindings, watchFindings } from '../preflight/baselines';
import { appRoleFindings, scratchFindings, toolFindings } from '../preflight/environment';
import { allowed } from '../preflight/forbidden';
import { summed, type Findings } from '../../findings';
import { roleFindings } from '../preflight/role';
import { ruleFindings } from '../preflight/rules';
import { serverFindings, serverVersion, versionFindings } from '../preflight/server';
import { nameFindings, tableFindings } from '../preflight/tables';

/** Reads only. Every question is asked although an earlier one failed, so that all can be mended at once. */
export function preflightStep(resources: Resources): PgStepHandler<'preflight'> {
  return {
    do: async (context) => context.read((session) => preflight(resources, context, session)),
    // The claim is the lane's own; there is nothing else to take back.
    undo: async () =>
      evidenceOf('Preflight changed nothing', [
        { name: 'preflight', verdict: 'pass', expected: 'nothing to undo', observed: 'nothing to undo' },
      ]),
  };
}

/** What the questions need of whoever asks them: the step itself, or a dry run that has claimed nothing. */
export type PreflightQuestion = Pick<
  PgContext<'preflight'>,
  'args' | 'run' | 'signal' | 'step' | 'progress' | 'capture' | 'read'
>;

export async function preflight(
  resources: Resources,
  context: PreflightQuestion,
  session: PgSession,
): Promise<Evidence> {
  const { args, run, signal, step } = context;
  const version = await serverVersion(session);
  const first = versionFindings(version);
  if (first.checks.some((c) => c.verdict !== 'pass')) return summed(step.target, [first]);
  const home = targetOf(resources, step.target, 'postgres');
  const scratch = targetOf(resources, args.scratch, 'postgres');
  const { flag } = args;
  const asked = [
    () => serverFindings(session),
    () => rootCauseFindings(ledgerOn(session), { run, before: () => newestRunBefore(session, run) }),
    () => roleFindings(session, args.tables),
    () => tableFindings(session, args, run),
    () => nameFindings(session, args, run),
    () => adoptFindings(session, args, run),
    ...(args.rules ? [() => ruleFindings(session, args)] : []),
    () => archiveFindings(session, args.redo ?? 'none', run),
    () => activityFindings(session, args, run),
    () => toolFindings(resources, resources.store(args.store), session, version.major),
    () => scratchFindings({ resources, run, scratch, signal }, session),
    () => appRoleFindings({ resources, run, signal }, home, args.tables),
    ...(flag ? [() => flagFindings(context, session, flag)] : []),
    () => watchFindings(context, args.watch),
    ...(args.logs ? [() => logFindings(resources, context, args.logs ?? [])] : []),
  ];
  const found: Findings[] = [first, { checks: [], figures: { fingerprint: await fingerprint(session) } }];
  for (const [done, ask] of asked.entries()) {
    signal.throwIfAborted();
    context.progress({ doing: 'looking before anything is done', done, total: asked.length, unit: 'questions' });
    found.push(await allowed(ask));
  }
  return summed(step.target, found);
}
