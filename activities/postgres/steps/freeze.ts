import type { QueryResult } from 'pg';
import { FREEZE_TRIES } from '../../../src/core/activity-options';
import { done, evidenceOf, expectEqual, type Check, type Evidence } from '../../../src/core/evidence';
import { CutoverError, describeError } from '../../../src/core/failure';
import type { FlagSwitch, QueueFreeze } from '../../../src/core/freeze-args';
import { findColumn, findConstraint, findTrigger } from '../catalog';
import type { PgSession, PgStepHandler, TxOptions } from '../context';
import { drained, serverNow } from '../drain';
import { findRecord } from '../joined';
import { memberNames } from '../names';
import { recall } from '../recall';
import { tenantsFor, type TenantOf } from '../rules/driver-of';
import { settle } from '../settle';
import { dropJoinTrigger } from '../statements/members';
import {
  FIRST_LOCK_AT,
  LAST_LOCK_AT,
  lockAll,
  lockOrder,
  readFlag,
  readRequired,
  removeFlag,
  requireKey,
  setFlag,
  sweepMembers,
  sweepTable,
  unrequire,
} from '../statements/freeze';
import { queued, type QueueContext } from '../queue-freeze';

type Context = QueueContext;

/** What stood in the flag before the first change. */
interface FlagBefore {
  readonly existed: boolean;
  readonly value: string;
}

/**
 * The freeze: fence, sweep, switch, prove and open in one transaction. Readers and writers of the tables wait, none is
 * refused. Whatever goes wrong (a lock not had, the budget spent, this process gone) the server rolls back by itself and all
 * is as before: the dead-man's switch is its own statement and idle timeouts, set before the first lock.
 */
export const freezeStep: PgStepHandler<'freeze'> = {
  do: async (given) => {
    const context = queued(given);
    const { args } = context;
    if (context.attempt > FREEZE_TRIES)
      throw new CutoverError(
        'FreezeFailed',
        `${FREEZE_TRIES} freezes were lost with their workers or their connections, none of them behind its COMMIT: all is as before. Find out why, then \`cutover retry\` (a new freeze) or \`cutover rollback\`.`,
      );
    await context.capture('flag', async () => ({ ...(await context.read((s) => flagNow(s, context))) }));
    await requireProofs(context);
    const { members } = args;
    const record = members && (await context.read((s) => findRecord(s, members)));
    const swept = await sweepBefore(context, record);
    const tenantOf = await tenantsFor(context, args.tables);
    const joined = args.members === undefined || (await context.read((s) => joinsNewUsers(s, context)));
    return withinBudget(context, context.commit, forward(args, { tenantOf, joined, record, sweptBefore: swept }));
  },
  undo: async (given) => {
    const context = queued(given);
    const before = await recall<{ existed: boolean; value: string }>(context, 'flag');
    const { switch: flag } = context.args;
    const unrequired = unrequire(context.args);
    if (!before) return done('The switch was never reached: nothing to switch back.');
    const evidence = await withinBudget(context, (work, options) => context.transaction(work, options), {
      statements: [...unrequired, before.existed ? setFlag(flag, before.value) : removeFlag(flag), readFlag(flag)],
      read: (results) => ({
        checks: [flagIs(flag, before.existed ? before.value : 'absent', flagOf(results[unrequired.length + 1]))],
        figures: {},
        did: `switched ${flag.key} back to ${before.existed ? before.value : 'absent'}`,
      }),
    });
    // Whoever read the flag before may still write in the new shape: unstamping must not begin before they are done.
    const drainedMs = await drained(context, await context.read(serverNow), context.args.patienceMs);
    return context.commit(async () => ({ ...evidence, figures: { ...evidence.figures, drainedMs } }));
  },
};

interface Done {
  readonly checks: readonly Check[];
  readonly figures: Readonly<Record<string, number>>;
  readonly did: string;
}

/** What is done and asked under the locks, and how its answers are read. */
interface Work {
  readonly statements: readonly string[];
  read(results: readonly QueryResult[]): Done;
}

interface Ready {
  readonly tenantOf: TenantOf;
  readonly joined: boolean;
  readonly record: string | undefined;
  readonly sweptBefore: number;
}

/** Sweep, NOT NULL, switch, and the questions that prove it. */
function forward(args: QueueFreeze, { tenantOf, joined, record, sweptBefore }: Ready): Work {
  const sweeps = args.tables.map((t) => sweepTable(t, tenantOf));
  const members = args.members && !joined ? [sweepMembers(args.members, record)] : [];
  // From the switch on the application joins its users itself: two who write one membership would refuse each other.
  const unjoin = args.members ? dropJoinTrigger(args.members).map((d) => d.sql) : [];
  const required = args.tables.flatMap((t) => requireKey(t.table, t.column, t.required));
  const work = [...sweeps, ...members, ...required, ...unjoin, setFlag(args.switch, args.switch.to)];
  return {
    statements: [...work, readFlag(args.switch), readRequired(args)],
    read: (results) => {
      const changed = results.map((r) => r.rowCount ?? 0);
      const columns = (results[work.length + 1]?.rows ?? []) as readonly { name: string; required: boolean }[];
      return {
        checks: [
          flagIs(args.switch, args.switch.to, flagOf(results[work.length])),
          ...columns.map((c) => expectEqual(c.name, 'NOT NULL', c.required ? 'NOT NULL' : 'nullable')),
        ],
        figures: {
          sweptRows: sum(changed.slice(0, sweeps.length)),
          sweptMembers: sweptBefore + sum(changed.slice(sweeps.length, sweeps.length + members.length)),
          tables: args.tables.length,
        },
        did: `switched ${args.switch.key} to ${args.switch.to}`,
      };
    },
  };
}

/**
 * Locks, work, proof, and a last look at the clock before COMMIT: past the budget nothing of it stays. All of it is one
 * message: what runs under the locks does not wait for the network, nor for this process to be given a core.
 */
async function withinBudget(
  context: Context,
  transact: (work: (tx: PgSession) => Promise<Evidence>, options: TxOptions) => Promise<Evidence>,
  work: Work,
): Promise<Evidence> {
  const { budgetMs, stallMs, patienceMs } = context.args;
  let tries = 0;
  context.progress({ doing: `freezes ${context.args.tables.length} tables` });
  try {
    return await transact(
      async (tx) => {
        tries += 1;
        await settle(tx, lockOrder(context.args));
        await tx.execute(
          `SET LOCAL statement_timeout = ${budgetMs}; SET LOCAL idle_in_transaction_session_timeout = ${budgetMs}; SET LOCAL enable_seqscan = off; SET LOCAL constraint_exclusion = on`,
        );
        const [, ...results] = await send(tx, [
          lockAll(lockOrder(context.args), stallOf(tries, stallMs)),
          ...work.statements,
          HELD,
        ]);
        const { checks, figures, did } = work.read(results);
        const clock = heldOf(results.at(-1));
        if (clock.heldMs > budgetMs)
          throw new CutoverError(
            'FreezeFailed',
            `The freeze took ${clock.heldMs} ms of its budget of ${budgetMs} ms and was put back.`,
          );
        if (checks.some((c) => c.verdict !== 'pass'))
          throw new CutoverError(
            'FreezeFailed',
            `The freeze was put back: ${evidenceOf('a proof failed', checks).summary}`,
          );
        return evidenceOf(`${did} over ${context.args.tables.length} tables, held ${clock.heldMs} ms`, checks, {
          ...figures,
          ...clock,
          tries,
          budgetMs,
        });
      },
      { lockTimeoutMs: stallMs, statementTimeoutMs: Math.max(budgetMs, 10_000), patienceMs },
    );
  } catch (error) {
    if (error instanceof CutoverError && error.type === 'Blocked') {
      throw new CutoverError('FreezeFailed', `No freeze within ${patienceMs} ms; all is as before. ${error.message}`, {
        cause: error,
      });
    }
    if (isTimeout(error))
      throw new CutoverError(
        'FreezeFailed',
        `The freeze ran into its budget of ${budgetMs} ms and was put back by the server: ${describeError(error)}`,
        { cause: error },
      );
    throw error;
  }
}

/**
 * A transaction that holds one table and wants another that we hold already will not end before we give up: waiting
 * longer only makes everybody else wait too. So the first try gives up soon, the later ones less soon, none later than
 * the plan allows.
 */
function stallOf(tries: number, stallMs: number): number {
  return Math.min(stallMs, FIRST_STALL_MS * 2 ** (tries - 1));
}

const FIRST_STALL_MS = 20;

/** SET NOT NULL is free only where a validated CHECK says so already; else it would scan the table under the lock. */
async function requireProofs(context: Context): Promise<void> {
  for (const { table, column, required } of context.args.tables) {
    const [check, key] = await context.read(
      async (s) => [await findConstraint(s, table, required), await findColumn(s, table, column)] as const,
    );
    if (!key)
      throw new CutoverError(
        'Refused',
        `${table} has no column ${column}; was the expand phase undone behind the run?`,
      );
    if (!check?.validated && !key.notNull) {
      throw new CutoverError(
        'Refused',
        `${table} has no validated CHECK ${required}: NOT NULL would scan the whole table under its lock. Retry the step that adds it.`,
      );
    }
  }
}

/** What can be swept before the fence need not be swept within it. */
async function sweepBefore({ args, transaction }: Context, record: string | undefined): Promise<number> {
  const { members } = args;
  if (!members) return 0;
  return transaction((tx) => tx.execute(sweepMembers(members, record)));
}

/** With the trigger armed every new user has a membership from the same transaction: there is nothing to sweep for. */
async function joinsNewUsers(session: PgSession, { args }: Context): Promise<boolean> {
  if (!args.members) return true;
  const trigger = await findTrigger(session, args.members.from.table, memberNames(args.members).trigger);
  return trigger?.enabled === 'A';
}

async function flagNow(session: PgSession, { args }: Context): Promise<FlagBefore> {
  const [row] = await session.query<{ value: string }>(readFlag(args.switch));
  return { existed: row !== undefined, value: row?.value ?? '' };
}

function flagOf(result: QueryResult | undefined): string {
  const [row] = (result?.rows ?? []) as readonly { readonly value: string }[];
  return row === undefined ? 'absent' : row.value;
}

function flagIs(flag: FlagSwitch, expected: string, observed: string): Check {
  return expectEqual(`flag ${flag.key}`, expected, observed);
}

/** Several statements in one message, and the answer to each. An error ends the message and the transaction. */
async function send(tx: PgSession, statements: readonly string[]): Promise<readonly QueryResult[]> {
  const result: QueryResult | readonly QueryResult[] = await tx.client.query(statements.join(';\n'));
  return Array.isArray(result) ? (result as readonly QueryResult[]) : [result as QueryResult];
}

/** From the first lock to now, and to the last lock. Milliseconds. */
const HELD = `SELECT extract(epoch FROM clock_timestamp() - current_setting('${FIRST_LOCK_AT}')::timestamptz)::float8 * 1000 AS held,
       extract(epoch FROM current_setting('${LAST_LOCK_AT}')::timestamptz - current_setting('${FIRST_LOCK_AT}')::timestamptz)::float8 * 1000 AS waited`;

function heldOf(result: QueryResult | undefined): { heldMs: number; lockWaitMs: number } {
  const [row] = (result?.rows ?? []) as readonly { readonly held: number; readonly waited: number }[];
  return { heldMs: round(row?.held ?? Number.NaN), lockWaitMs: round(row?.waited ?? Number.NaN) };
}

function isTimeout(error: unknown): boolean {
  return ['57014', '25P03', '25P04'].includes((error as { code?: string } | undefined)?.code ?? '');
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}
