import { done, evidenceOf, expectEqual, type Evidence } from '../../../src/core/evidence';
import { findColumn, findConstraint } from '../catalog';
import type { PgContext } from '../context';
import { isMarked, markerOf } from '../marker';
import { asOwnerOf, asOwnerOutside } from '../owner';
import { refused, refusing } from '../pg-error';
import { SCAN_TIMEOUT_MS } from '../read-only';
import { recall } from '../recall';
import { settle } from '../settle';
import { validateConstraint } from '../statements/reference';
import type { Statement } from '../statements/statement';
import { together } from '../together';

type Context = PgContext<'reference'> | PgContext<'required'>;

export interface ConstraintWork {
  readonly add: readonly Statement[];
  readonly drop: Statement;
  /** The tables that both lock. */
  readonly locks: readonly string[];
  /** What is wrong with the data when it does not validate. */
  readonly violated: string;
}

/** Adds NOT VALID in a short transaction, validates in another that nobody waits for, and reads back. */
export async function addConstraint(context: Context, work: ConstraintWork): Promise<Evidence> {
  const { args } = context;
  await context.capture('before', async () =>
    context.read(async (s) => ({ existed: (await findConstraint(s, args.table, args.name)) !== undefined })),
  );
  await context.transaction(async (tx) => {
    const there = await findConstraint(tx, args.table, args.name);
    if (there) return refuseForeign(context, there.comment);
    if (!(await findColumn(tx, args.table, args.column)))
      throw refused(`${args.table} has no column ${args.column} to put ${args.name} on.`);
    await refusing(['42830', '42804'], `${args.name} cannot be added to ${args.table}`, () =>
      asOwnerOf(tx, args.table, async () => {
        await settle(tx, work.locks);
        await together(tx, work.add);
      }),
    );
  });
  await refusing(['23503', '23514'], work.violated, () =>
    context.outside(
      (session) => asOwnerOutside(session, args.table, () => session.execute(validateConstraint(args).sql)),
      { statementTimeoutMs: SCAN_TIMEOUT_MS, lockTimeoutMs: VALIDATE_LOCK_MS },
    ),
  );
  return context.commit(async (tx) => {
    const made = await findConstraint(tx, args.table, args.name);
    return evidenceOf(`${args.name} on ${args.table}: ${made?.definition ?? 'missing'}`, [
      expectEqual('validated', 'yes', made?.validated ? 'yes' : 'no'),
    ]);
  });
}

/** Drops it in one short transaction, when this run made it. The freeze may have dropped it before. */
export async function dropConstraint(context: Context, work: ConstraintWork): Promise<Evidence> {
  const { args } = context;
  const before = await recall<{ existed: boolean }>(context, 'before');
  return context.commit(async (tx) => {
    const there = await findConstraint(tx, args.table, args.name);
    if (!before || before.existed)
      return done(`${args.name} on ${args.table} was not made by this run and stays as it is`);
    if (!there) return done(`${args.name} on ${args.table} is gone`);
    refuseForeign(context, there.comment);
    await asOwnerOf(tx, args.table, async () => {
      await settle(tx, work.locks);
      await together(tx, [work.drop]);
    });
    const left = await findConstraint(tx, args.table, args.name);
    return evidenceOf(`${args.name} on ${args.table} dropped`, [
      expectEqual('constraint', 'gone', left ? 'still there' : 'gone'),
    ]);
  });
}

function refuseForeign(context: Context, comment: string | null): void {
  if (isMarked(comment, markerOf(context))) return;
  throw refused(
    `${context.args.table} has a constraint ${context.args.name} already, and this run did not make it; rename or drop it, then \`cutover retry\`.`,
  );
}

/** Longer than deadlock_timeout, so that an autovacuum gives way: nothing of the application queues behind this lock. */
const VALIDATE_LOCK_MS = 10_000;
