import { done, evidenceOf, expectEqual, type Check, type Evidence } from '../../../src/core/evidence';
import { findRoutines } from '../catalog';
import type { PgContext, PgSession, PgStepHandler } from '../context';
import { mark, markerOf } from '../marker';
import { asOwnerOf } from '../owner';
import { refused } from '../pg-error';
import { recall } from '../recall';
import { refuseTransactionControl } from '../split-statements';
import { createdFunctions } from '../created-functions';

type Context = PgContext<'statements'>;

/** What a function was before the run: its definitions by overload; none = it was not there. */
type Before = { readonly functions: Readonly<Record<string, readonly string[]>> };

/**
 * The plan's own statements, in one transaction with the ledger's row, as the owner of the tables. Functions that they
 * replace are captured, so that the undo brings the former ones back.
 */
export const statementsStep: PgStepHandler<'statements'> = {
  do: async (context) => {
    const { args } = context;
    refuseTransactionControl(args.sql, args.file);
    const names = createdFunctions(args.sql);
    await context.capture<Before>('before', async () => context.read((session) => look(session, names)));
    return context.commit(async (tx) => {
      await asOwnerOf(tx, args.like, async () => {
        await tx.execute(args.sql);
        await markFunctions(tx, names, markerOf(context));
      });
      return prove(tx, args.file, names);
    });
  },
  undo: async (context) => {
    const { args } = context;
    const before = await recall<Before>(context, 'before');
    const undo = args.undo;
    if (!before) return context.commit(async () => done(`${args.file} was not run`));
    if (undo === undefined) {
      throw refused(
        `${args.file} has no undo in the plan: what it did stays. Undo it by hand, then go on without this step.`,
      );
    }
    refuseTransactionControl(undo, `the undo of ${args.file}`);
    return context.commit(async (tx) => undoAll(tx, context, { undo, before }));
  },
};

async function look(session: PgSession, names: readonly string[]): Promise<Before> {
  const functions: Record<string, readonly string[]> = {};
  for (const name of names) functions[name] = (await findRoutines(session, name)).map((r) => r.definition);
  return { functions };
}

async function markFunctions(tx: PgSession, names: readonly string[], marker: string): Promise<void> {
  for (const name of names) {
    for (const routine of await findRoutines(tx, name))
      await mark(tx, `ROUTINE ${routine.name}`, routine.comment, marker);
  }
}

async function prove(tx: PgSession, file: string, names: readonly string[]): Promise<Evidence> {
  const checks: Check[] = [];
  for (const name of names) {
    const found = await findRoutines(tx, name);
    checks.push(expectEqual(`function ${name}`, 'there', found.length > 0 ? 'there' : 'missing'));
  }
  const summary = `The statements of ${file} have run`;
  return checks.length > 0 ? evidenceOf(`${summary}; functions: ${names.join(', ')}`, checks) : done(summary);
}

async function undoAll(
  tx: PgSession,
  context: Context,
  facts: { readonly undo: string; readonly before: Before },
): Promise<Evidence> {
  const { args } = context;
  const former = Object.entries(facts.before.functions);
  const checks: Check[] = [];
  await asOwnerOf(tx, args.like, async () => {
    await tx.execute(facts.undo);
    for (const definition of former.flatMap(([, definitions]) => definitions)) await tx.execute(definition);
  });
  for (const [name, definitions] of former) {
    const now = (await findRoutines(tx, name)).map((r) => r.definition);
    const expected = definitions.length === 0 ? 'gone' : 'as before the run';
    const observed =
      JSON.stringify(now) === JSON.stringify(definitions) ? expected : `${now.length} definitions, other than before`;
    checks.push(expectEqual(`function ${name}`, expected, observed));
  }
  const summary = `The undo of ${args.file} has run`;
  return checks.length > 0 ? evidenceOf(summary, checks) : done(summary);
}
