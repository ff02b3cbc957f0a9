import { randomUUID } from 'node:crypto';
import { evidenceOf, expectEqual, type Check, type Evidence } from '../../../src/core/evidence';
import { CutoverError } from '../../../src/core/failure';
import { askHttp } from '../../probes/ask-http';
import { rememberInserted } from '../inserted';
import { ensureMemberships, usersWithoutMembership } from '../members';
import { tenantsFor } from '../rules/driver-of';
import { sweepDocuments } from '../rules/sweep';
import { sentenceOf } from '../server-words';
import { captureBuilds, doActs } from './acts';
import { closeFence } from './close-fence';
import { finish } from './finish';
import type { Held } from './held';
import { putBack } from './put-back';
import { checksOf, putChecks, type TableChecks } from './shape';

/** Fence, sweep, switch, prove, open. Whatever goes wrong before the switch is committed puts everything back. */
export async function freezeForward(held: Held, lost: number): Promise<Evidence> {
  const { context } = held;
  await captureBuilds(held);
  // Write-once: what the switch back restores, however many freezes it takes to get there.
  const shape = await context.capture('shape', async () => [...(await checksNow(held))]);
  const freeze = randomUUID();
  const at: Reached = { doing: 'began' };
  const progress: typeof context.progress = (told) => {
    at.told = told.doing;
    context.progress(told);
  };
  try {
    await throughTheSwitch(
      { ...held, context: { ...context, progress } },
      { freeze, at },
      lost,
      shape as readonly TableChecks[],
    );
  } catch (error) {
    const back = await putBack(held, freeze, { acts: true });
    context.signal.throwIfAborted();
    if (back.kind === 'committed') throw error;
    throw frozen(held, error, { failed: back.failed, at });
  }
  return finish(held, freeze);
}

/** How far a freeze has come: what it was about when its time was over. */
interface Reached {
  doing: string;
  /** The last that was told of it. */
  told?: string;
  /** Aborted when the budget has passed, once the fence is closed. */
  budget?: AbortSignal;
}

async function throughTheSwitch(
  held: Held,
  { freeze, at }: { readonly freeze: string; readonly at: Reached },
  lost: number,
  shape: readonly TableChecks[],
): Promise<void> {
  const { context, control, link } = held;
  const { args } = context;
  at.doing = 'closed the fence and waited for silence';
  const closed = await closeFence(held, { freeze, direction: 'forward', acts: 0, lost, shape });
  const { signal } = closed;
  at.budget = signal;
  at.doing = 'swept what was written last';
  const swept = await sweep(held, signal);
  signal.throwIfAborted();
  // Refused where somebody has opened it: the application would meet validators of a switch that never comes.
  await control.note(freeze, { acts: 0 });
  // A validator that fences makes way for the new one when it opens.
  if (args.fence.mechanism !== 'validator') await putChecks(link.db, shape, 'after');
  at.doing = 'switched configuration and builds';
  await doActs(held, freeze, signal);
  at.doing = 'asked whether the switch had worked';
  const proved = await proveSwitch(held, signal);
  const checks = [...closed.checks, ...swept.checks, ...proved];
  requirePass('a proof failed', [...swept.checks, ...proved]);
  signal.throwIfAborted();
  await control.commitSwitch(freeze, {
    checks: checks.map((check) => ({ ...check })),
    figures: {
      sweptRows: swept.rows,
      sweptMembers: swept.members,
      tables: args.tables.length,
      refused: closed.checks.filter(({ observed }) => observed.startsWith('refused')).length,
      tries: lost + 1,
      watchdogPid: closed.watchdog.pid,
    },
  });
}

interface Swept {
  readonly rows: number;
  readonly members: number;
  readonly checks: readonly Check[];
}

/** What the application wrote since the last sweep; then none may be left. */
async function sweep({ context, link }: Held, signal: AbortSignal): Promise<Swept> {
  const { args } = context;
  await context.checkToken();
  const { stamped, left } = await sweepDocuments({
    db: link.db,
    tables: args.tables,
    tenants: await tenantsFor(
      context,
      args.tables.map(({ rule }) => rule),
    ),
    signal,
    progress: context.progress,
    held: () => context.checkToken(),
    remember: { lane: link.lane, run: context.run.id },
    bypassValidation: args.fence.mechanism === 'validator',
  });
  const missing = expectEqual('documents without a key', 0, left);
  if (!args.members) return { rows: stamped, members: 0, checks: [missing] };
  const { otherwise, table } = args.members;
  const tenant = otherwise === undefined ? undefined : await context.captured<string>(otherwise);
  const input = { db: link.db, args: args.members, tenant, signal };
  const remember = rememberInserted(link.lane, context.run.id, table);
  const { inserted } = await ensureMemberships({ ...input, remember, held: () => context.checkToken() });
  const { count } = await usersWithoutMembership(input);
  return { rows: stamped, members: inserted, checks: [missing, expectEqual('users without membership', 0, count)] };
}

async function proveSwitch({ context, resources }: Held, signal: AbortSignal): Promise<readonly Check[]> {
  const checks: Check[] = [];
  for (const probe of context.args.prove) {
    if (probe.kind !== 'http')
      throw new CutoverError(
        'Misconfigured',
        `Probe ${probe.name} of the freeze is of kind ${probe.kind}; inside a freeze only http probes are asked.`,
      );
    context.progress({ doing: `asks ${probe.name}` });
    const { verdict, observed } = await askHttp(resources, signal, probe);
    checks.push({ name: probe.name, verdict, expected: `status ${probe.expect.status}`, observed });
  }
  return checks;
}

async function checksNow({ context, link }: Held): Promise<readonly (TableChecks & Record<string, string>)[]> {
  return (await checksOf(link.db, context.args.tables)).map((check) => ({ ...check }));
}

function requirePass(what: string, checks: readonly Check[]): void {
  if (checks.every(({ verdict }) => verdict === 'pass')) return;
  throw new CutoverError('FreezeFailed', evidenceOf(what, checks).summary);
}

function whereOf({ doing, told }: Reached): string {
  return `, which ended while it ${doing}${told === undefined ? '' : ` (${told})`}`;
}

interface Broken {
  /** What could not be put back. */
  readonly failed: readonly string[];
  /** On the way forward. */
  readonly at?: Reached;
}

/** What is thrown after everything was put back, or not everything. */
export function frozen(held: Held, error: unknown, { failed, at }: Broken): unknown {
  const { budgetMs } = held.context.args;
  // The watchdog may come first: what fails then is that the fence is ours no more.
  const late =
    at?.budget?.aborted === true ||
    (error as { readonly name?: string } | null)?.name === 'TimeoutError' ||
    (error instanceof CutoverError && error.message.includes('by the watchdog'));
  const why = late
    ? `The freeze was not done within its budget of ${budgetMs} ms${at ? whereOf(at) : ''}.`
    : sentenceOf(error);
  const next =
    late && at
      ? ' `cutover retry` tries within the same budget; a longer `freeze.budget` is another plan: `cutover rollback`, then start that.'
      : '';
  if (failed.length > 0)
    return new CutoverError('FreezeFailed', `${why} NOT everything could be put back: ${failed.join('; ')}.`, {
      cause: error,
    });
  // A plan or a configuration that cannot be carried out keeps its own name: another freeze would not help.
  if (error instanceof CutoverError && ['Misconfigured', 'Refused', 'StaleToken'].includes(error.type)) return error;
  return new CutoverError('FreezeFailed', `${why} All was put back as before.${next}`, { cause: error });
}
