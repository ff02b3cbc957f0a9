import type { Check } from '../../../src/core/evidence';
import { evidenceOf } from '../../../src/core/evidence';
import { CutoverError } from '../../../src/core/failure';
import { openMongo, type MongoLink } from '../session';
import type { NewFence, Watchdog } from './control';
import type { Fence } from './fence';
import { fenceOf } from './fence-of';
import type { Held } from './held';
import { openAfterOthers } from './late-close';
import { openProver, type Prover } from './prove';
import { expiringBy, ttlIndexes, type Expiring } from './expiring';
import { operationTime, startListening, type Noise } from './silence';
import type { TableChecks } from './shape';
import { startWatchdog } from './start-watchdog';
import { stopWriters } from './writers';

export interface Closing {
  /** The id of this freeze: chosen by the caller, who puts back whatever becomes of it. */
  readonly freeze: string;
  readonly direction: NewFence['direction'];
  readonly acts: number;
  readonly lost: number;
  readonly shape: readonly TableChecks[];
}

export interface Closed {
  readonly checks: readonly Check[];
  readonly watchdog: Watchdog;
  /** Aborts with the activity, and when the budget is spent. */
  readonly signal: AbortSignal;
}

/**
 * Writers stopped, watchdog proved, fence closed, refusals proved as the application itself, silence heard. In the order
 * in which each needs the one before; the control document says everything before it happens.
 *
 * @throws FreezeFailed; then everything has to be put back.
 */
export async function closeFence(held: Held, closing: Closing): Promise<Closed> {
  const { context, resources, control, link } = held;
  const { args, run, step, round, signal: cancelled } = context;
  const fence = fenceOf(args.fence, held.ground(cancelled));
  const captured = await fence.capture();
  const ttl = await ttlIndexes(link.db);
  await using app = await application(held, fence);
  const prover = app && (await openProver({ app, db: link.db, table: probedTable(closing.shape) }));
  const before = (await prover?.before()) ?? [];
  requirePass('The application may not write as it is, so that a refusal would prove nothing', before);
  const { freeze, direction, acts, lost, shape } = closing;
  await control.begin(
    {
      ...{ freeze, direction, acts, lost, round },
      run: run.id,
      step: step.id,
      spec: args.fence,
      tables: args.tables.map(({ table }) => table),
      captured: JSON.stringify(captured),
      shape: JSON.stringify(shape),
    },
    PREPARING_MS + args.quiet.reduce((sum, { stop }) => sum + stop.timeoutMs, 0),
  );
  context.progress({ doing: 'stops the other writers and starts the watchdog' });
  await stopWriters(resources, control, freeze, args.quiet, cancelled);
  await using listener = await startListening(link.db);
  const { watchdog, child } = await startWatchdog(resources, control, freeze, cancelled);
  held.watchdogs.push(child);
  await context.checkToken();
  const signal = AbortSignal.any([cancelled, AbortSignal.timeout(args.budgetMs)]);
  await control.closing(freeze, args.budgetMs);
  context.progress({ doing: `fence ${fence.name} closed; proves it` });
  try {
    await fence.close(captured);
    await control.closed(freeze);
  } catch (error) {
    await openAfterOthers(held, freeze);
    throw error;
  }
  const refused = await refusals(fence, prover);
  const over = new Date((await control.now()).getTime() + args.quietMs);
  const expiring = await expiringBy(link.db, ttl, over);
  const noise = await listener.listen(await operationTime(link.db), args.quietMs, signal, expiring);
  if (noise.length > 0) throw somebodyWrites(noise, expiring);
  return { checks: [...before, ...refused], watchdog, signal };
}

function somebodyWrites(noise: readonly Noise[], expiring: Expiring): CutoverError {
  const named = [...new Set(noise.map(({ table, operation }) => `${operation} in ${table}`))];
  const deleted = new Set(noise.filter(({ operation }) => operation === 'delete').map(({ table }) => table));
  const advice = [...deleted].flatMap((table) => expiring.advice(table) ?? []);
  return new CutoverError(
    'FreezeFailed',
    [
      `Somebody still writes behind the fence: ${named.slice(0, 8).join(', ')}. Stop that writer too (\`freeze.quiet\` of the plan).`,
      ...advice.slice(0, 4).map((sentence) => `${sentence}.`),
    ].join(' '),
  );
}

/** The application's own user, on connections that are open before the fence closes. */
async function application({ target, context }: Held, fence: Fence): Promise<MongoLink | undefined> {
  if (fence.refuses.length === 0) return undefined;
  if (!target.probeAs)
    throw new CutoverError(
      'Misconfigured',
      `The fence ${fence.name} is proved as the application's own user, and target "${target.name}" names none; give it \`probeAs\`.`,
    );
  return openMongo({ url: target.probeAs(), appName: `cutover/${context.run.id.slice(-80)}/probe`, asApp: true });
}

async function refusals(fence: Fence, prover: Prover | undefined): Promise<readonly Check[]> {
  const checks = (await prover?.after(fence)) ?? [];
  requirePass(`The fence ${fence.name} does not hold on this server`, checks);
  return checks;
}

function requirePass(what: string, checks: readonly Check[]): void {
  if (checks.every(({ verdict }) => verdict === 'pass')) return;
  throw new CutoverError('FreezeFailed', evidenceOf(what, checks).summary);
}

function probedTable(shape: readonly TableChecks[]): string {
  const [first] = shape;
  if (first) return first.table;
  throw new CutoverError('Refused', 'None of the collections of the freeze exists: there is nothing to fence.');
}

const PREPARING_MS = 90_000;
