import { done, evidenceOf, expectEqual, type Evidence } from '../../../src/core/evidence';
import { archive, compareArchive, isWhole, type Archived } from '../archive';
import { constraintsOf, findColumn, findRelation, findRoutines, findTrigger } from '../catalog';
import type { PgContext, PgSession } from '../context';
import { ident, qualified } from '../identifiers';
import { primaryKey } from '../keyset';
import { markerOf } from '../marker';
import { keyNames } from '../names';
import { asOwnerOf } from '../owner';
import { refused, refusing } from '../pg-error';
import { SCAN_TIMEOUT_MS } from '../read-only';
import { recall } from '../recall';
import { tenantOrRule } from '../rules/driver-of';
import { settle } from '../settle';
import { differs, dropKey, forgetKey, prepareForget } from '../statements/key';
import { heldMs, together } from '../together';
import { stableText } from '../windows';
import { followers, type Followers } from './key-followers';

type Context = PgContext<'key'>;

/**
 * Unstamping, in three acts. Swap: nobody can write the key any more, the writers at work are waited for. Archive, with
 * no lock held: the rows whose key the rule would not give again, by primary key; rule, count and digest stand for the
 * others. Drop, short, once the archive was compared. Each act looks whether it was done already.
 */
export async function undoKey(context: Context): Promise<Evidence> {
  const { args } = context;
  const before = await recall<{ existed: boolean }>(context, 'before');
  const column = await context.read(async (session) => findColumn(session, args.table, args.column));
  if (!before || before.existed) {
    return context.commit(async () => done(`${args.table}.${args.column} was not made by this run and stays as it is`));
  }
  if (!column) return context.commit(async (tx) => gone(tx, context));
  const tenant = await tenantOrRule(context, args);
  const swapMs = await swap(context);
  const keyset = await context.read(async (session) => primaryKey(session, args.table));
  const rest = await followers(context, keyset, tenant);
  const what = differs(args, tenant, keyset);
  const archived = await archiveAll(context, what);
  return context.commit(async (tx) => drop(tx, context, { archived, rest, swapMs }));
}

async function swap(context: Context): Promise<number> {
  const { args } = context;
  return context.transaction(async (tx) => {
    const { forget } = keyNames(args.table, args.column);
    if (await findTrigger(tx, args.table, forget.trigger)) return 0;
    await refuseIfRequired(tx, context);
    await asOwnerOf(tx, args.table, async () => {
      await together(tx, [prepareForget(args, markerOf(context))]);
      await settle(tx, [args.table]);
      await together(tx, forgetKey(args, markerOf(context)));
    });
    return heldMs(tx);
  });
}

/** A CHECK that demands the key would refuse the application's next insert: its own step takes it away first. */
async function refuseIfRequired(tx: PgSession, { args }: Context): Promise<void> {
  const demand = `CHECK ((${ident(args.column)} IS NOT NULL))`.replaceAll('"', '');
  const found = (await constraintsOf(tx, args.table)).find((c) => c.definition.replaceAll('"', '').startsWith(demand));
  if (!found) return;
  throw refused(
    `${args.table} still has the constraint ${found.name} that demands ${args.column}: rows written from now on would be refused; undo the step that made it first, or drop it.`,
  );
}

async function archiveAll(context: Context, what: ReturnType<typeof differs>): Promise<Archived> {
  let archived: Archived | undefined;
  for (let pass = 1; pass <= PASSES; pass++) {
    await archive(context, what);
    archived = await context.transaction(
      async (tx) => {
        await stableText(tx);
        return compareArchive(tx, context.run.id, what);
      },
      { statementTimeoutMs: SCAN_TIMEOUT_MS },
    );
    if (isWhole(archived)) return archived;
  }
  throw refused(
    `Of ${archived?.rows} rows of ${context.args.table} whose ${context.args.column} differs from the rule the archive holds ${archived?.kept}; the column was not dropped. See whether something changes primary keys, then \`cutover retry\`.`,
  );
}

interface Facts {
  readonly archived: Archived;
  readonly rest: Followers;
  readonly swapMs: number;
}

async function drop(tx: PgSession, context: Context, facts: Facts): Promise<Evidence> {
  const { args } = context;
  await refusing(
    ['2BP01'],
    `${args.table}.${args.column} cannot be dropped because other objects use it; drop them first`,
    () =>
      asOwnerOf(tx, args.table, async () => {
        await settle(tx, [args.table]);
        await together(tx, dropKey(args));
      }),
  );
  const ms = await heldMs(tx);
  const proof = await gone(tx, context);
  return {
    ...proof,
    summary: `${args.table}.${args.column} dropped: ${facts.archived.rows} rows that differ from the rule are in the archive, ${facts.rest.rows} follow it; locks held ${facts.swapMs} and ${ms} ms`,
    checks: [
      expectEqual('rows in the archive', facts.archived.rows, facts.archived.kept),
      expectEqual('digest of the archive', facts.archived.digest, facts.archived.keptDigest),
      ...proof.checks,
    ],
    figures: {
      archivedRows: facts.archived.rows,
      archiveDigest: facts.archived.digest,
      ruleRows: facts.rest.rows,
      ruleDigest: facts.rest.digest,
      ruleTenant: facts.rest.tenant,
      swapHeldMs: facts.swapMs,
      dropHeldMs: ms,
    },
  };
}

async function gone(tx: PgSession, { args }: Context): Promise<Evidence> {
  const names = keyNames(args.table, args.column);
  const left = {
    column: (await findColumn(tx, args.table, args.column)) !== undefined,
    sequence: (await findRelation(tx, names.sequence)) !== undefined,
    function:
      (await findRoutines(tx, names.stamp.function)).length + (await findRoutines(tx, names.forget.function)).length >
      0,
    trigger: (await findTrigger(tx, args.table, names.stamp.trigger)) !== undefined,
  };
  const checks = Object.entries(left).map(([what, there]) => expectEqual(what, 'gone', there ? 'still there' : 'gone'));
  return evidenceOf(`${qualified(args.table)} is without ${args.column} again`, checks);
}

/** A row whose primary key changed between two windows is found by the next pass. */
const PASSES = 3;
