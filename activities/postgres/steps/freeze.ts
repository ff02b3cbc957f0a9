import type { QueryResult } from 'pg';
import { done, evidenceOf, expectEqual, type Check, type Evidence } from '../../../src/core/evidence';
import { CutoverError, describeError } from '../../../src/core/failure';
import { findColumn, findConstraint, findTrigger } from '../catalog';
import type { PgContext, PgSession, PgStepHandler, TxOptions } from '../context';
import { drained, serverNow } from '../drain';
import { memberNames } from '../names';
import { recall } from '../recall';
import { settle } from '../settle';
import { dropJoinTrigger } from '../statements/members';
import {
  FIRST_LOCK_AT,
  LAST_LOCK_AT,
  lockAll,
  lockOrder,
  readFlag,
  removeFlag,
  requireKey,
  setFlag,
  sweepMembers,
  sweepRows,
} from '../statements/freeze';

type Context = PgContext<'freeze'>;

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
  do: async (context) => {
    const { args } = context;
    await context.capture('flag', async () => ({ ...(await context.read((s) => flagNow(s, context))) }));
    await requireProofs(context);
    const swept = await sweepBefore(context);
    const tenants = await Promise.all(args.tables.map((t) => context.captured<string>(t.rule.tenant)));
    const joined = args.members === undefined || (await context.read((s) => joinsNewUsers(s, context)));
    return withinBudget(context, context.commit, async (tx) => {
      const rows = await counts(
        tx,
        args.tables.map((t, i) => sweepRows(t.table, t.column, tenants[i] ?? '')),
      );
      const members = args.members && !joined ? await counts(tx, [sweepMembers(args.members)]) : [0];
      // From the switch on the application joins its users itself: two who write one membership would refuse each other.
      const unjoin = args.members ? dropJoinTrigger(args.members).map((d) => d.sql) : [];
      await counts(tx, [
        ...args.tables.map((t) => requireKey(t.table, t.column, t.required)),
        ...unjoin,
        setFlag(args.switch, args.switch.to),
      ]);
      return {
        checks: await proofs(tx, context),
        figures: { sweptRows: sum(rows), sweptMembers: swept + sum(members), tables: args.tables.length },
        did: `switched ${args.switch.key} to ${args.switch.to}`,
      };
    });
  },
  undo: async (context) => {
    const before = await recall<{ existed: boolean; value: string }>(context, 'flag');
    if (!before) return done('The switch was never reached: nothing to switch back.');
    const evidence = await withinBudget(
      context,
      (work, options) => context.transaction(work, options),
      async (tx) => {
        const { switch: flag } = context.args;
        await tx.execute(before.existed ? setFlag(flag, before.value) : removeFlag(flag));
        const now = await flagNow(tx, context);
        return {
          checks: [
            expectEqual(
              `flag ${flag.key}`,
              before.existed ? before.value : 'absent',
              now.existed ? now.value : 'absent',
            ),
          ],
          figures: {},
          did: `switched ${flag.key} back to ${before.existed ? before.value : 'absent'}`,
        };
      },
    );
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

/** Locks, work, proof, and a last look at the clock before COMMIT: past the budget nothing of it stays. */
async function withinBudget(
  context: Context,
  transact: (work: (tx: PgSession) => Promise<Evidence>, options: TxOptions) => Promise<Evidence>,
  work: (tx: PgSession) => Promise<Done>,
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
          `SET LOCAL statement_timeout = ${budgetMs}; SET LOCAL idle_in_transaction_session_timeout = ${budgetMs}; SET LOCAL enable_seqscan = off`,
        );
        await tx.execute(lockAll(lockOrder(context.args), stallMs));
        const { checks, figures, did } = await work(tx);
        const clock = await held(tx);
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
async function sweepBefore({ args, transaction }: Context): Promise<number> {
  const { members } = args;
  if (!members) return 0;
  return transaction((tx) => tx.execute(sweepMembers(members)));
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

async function proofs(tx: PgSession, context: Context): Promise<readonly Check[]> {
  const { args } = context;
  const flag = await flagNow(tx, context);
  const tables = args.tables.map((t) => t.table);
  const columns = args.tables.map((t) => t.column);
  const rows = await tx.query<{ name: string; required: boolean }>(
    `SELECT format('%s.%s', w.t, w.c) AS name, coalesce(a.attnotnull, false) AS required
       FROM unnest($1::text[], $2::text[]) AS w (t, c)
       LEFT JOIN pg_attribute a ON a.attrelid = to_regclass(w.t) AND a.attname = w.c AND NOT a.attisdropped`,
    [tables, columns],
  );
  return [
    expectEqual(`flag ${args.switch.key}`, args.switch.to, flag.existed ? flag.value : 'absent'),
    ...rows.map((r) => expectEqual(r.name, 'NOT NULL', r.required ? 'NOT NULL' : 'nullable')),
  ];
}

/** Statements in one message; rows changed by each. */
async function counts(tx: PgSession, statements: readonly string[]): Promise<readonly number[]> {
  const result: QueryResult | readonly QueryResult[] = await tx.client.query(statements.join(';\n'));
  const results = Array.isArray(result) ? (result as readonly QueryResult[]) : [result as QueryResult];
  return results.map((r) => r.rowCount ?? 0);
}

async function held(tx: PgSession): Promise<{ heldMs: number; lockWaitMs: number }> {
  const [row] = await tx.query<{ held: number; waited: number }>(
    `SELECT extract(epoch FROM clock_timestamp() - current_setting('${FIRST_LOCK_AT}')::timestamptz)::float8 * 1000 AS held,
            extract(epoch FROM current_setting('${LAST_LOCK_AT}')::timestamptz - current_setting('${FIRST_LOCK_AT}')::timestamptz)::float8 * 1000 AS waited`,
  );
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
