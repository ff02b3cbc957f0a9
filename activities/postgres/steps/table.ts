import { done, evidenceOf, expectEqual, type Evidence } from '../../../src/core/evidence';
import type { AdoptedTable } from '../../../src/core/table-args';
import { adoption } from '../adopt';
import { archive, compareArchive, isWhole, ROW_VALUE, type Archived, type ToArchive } from '../archive';
import { findRelation, findTrigger, type Relation } from '../catalog';
import type { PgContext, PgSession, PgStepHandler } from '../context';
import { literal, qualified } from '../identifiers';
import { byPlace, findPrimaryKey } from '../keyset';
import { isMarked, markerOf, markTableSql } from '../marker';
import { refusalNames } from '../names';
import { asOwnerOf, becomeOwnerOf, TOOL_AGAIN } from '../owner';
import { refused, refusing } from '../pg-error';
import { SCAN_TIMEOUT_MS } from '../read-only';
import { recall } from '../recall';
import { settle } from '../settle';
import { refuseTransactionControl } from '../split-statements';
import { dropTable, refuseWrites } from '../statements/table';
import { stableText } from '../windows';
import { together } from '../together';

type Context = PgContext<'table'>;

/**
 * A new table of the tenancy (registry, membership, the runbook's log). Undo keeps its rows in the archive. One that was
 * there is adopted or refused, and never dropped: its undo leaves it to the steps that put rows into it.
 */
export const tableStep: PgStepHandler<'table'> = {
  do: async (context) => {
    const { args } = context;
    refuseTransactionControl(args.create, args.file);
    const before = await context.capture('before', async () => ({
      existed: (await context.read((s) => findRelation(s, args.table))) !== undefined,
    }));
    return context.commit(async (tx) => {
      const there = await findRelation(tx, args.table);
      if (there && before.existed && args.needs) return adopt(tx, context, { ...args, needs: args.needs });
      if (there) refuseForeign(context, there);
      return there ? prove(tx, context) : create(tx, context);
    });
  },
  undo: async (context) => {
    const { args } = context;
    const before = await recall<{ existed: boolean }>(context, 'before');
    if (!before || before.existed) {
      return context.commit(async () => done(`${args.table} was not made by this run and stays as it is`));
    }
    const there = await context.read((session) => findRelation(session, args.table));
    if (!there) return context.commit(async () => done(`${args.table} is gone`));
    refuseForeign(context, there);
    await closeTable(context);
    const archived = await archiveRows(context);
    return context.commit(async (tx) => drop(tx, context, archived));
  },
};

function refuseForeign(context: Context, there: Relation): void {
  if (isMarked(there.comment, markerOf(context))) return;
  throw refused(
    `${context.args.table} is there already and this run did not make it${there.comment ? ` (its comment: "${there.comment}")` : ''}; rename it, drop it, or take this table out of the plan.`,
  );
}

/** What somebody made before is taken as it is, when the plan's own table could do no more; it gets no mark of ours. */
async function adopt(tx: PgSession, { run, args }: Context, wanted: AdoptedTable): Promise<Evidence> {
  const { problems, columns, further } = await adoption(tx, wanted, run);
  if (problems.length > 0)
    throw refused(
      `${args.table} is there already and cannot be adopted: ${problems.join('; ')}. Mend that, then \`cutover retry\`.`,
    );
  return evidenceOf(
    `${args.table} was there and is adopted (${args.purpose}): ${columns} columns as in ${args.file}, ${further} more`,
    [expectEqual('deviations from the plan', 0, problems.length)],
    { adopted: args.table, furtherColumns: further },
  );
}

/** One message: its foreign keys lock the tables that they point to until the COMMIT. */
async function create(tx: PgSession, context: Context): Promise<Evidence> {
  const { args } = context;
  await becomeOwnerOf(tx, args.like);
  const marked = markTableSql(args.table, markerOf(context));
  const [made] = await tx.query<Made>([args.create, marked, TOOL_AGAIN, madeSql(args)].join('\n;\n'));
  if (!made?.kind)
    throw refused(`${args.file} does not create ${args.table}; correct the file, or the table's name in the plan.`);
  return proof(context, made);
}

async function prove(tx: PgSession, context: Context): Promise<Evidence> {
  const [made] = await tx.query<Made>(madeSql(context.args));
  return proof(context, made);
}

interface Made {
  readonly kind: string | null;
  readonly owner: string | null;
  readonly like: string | null;
}

function madeSql({ table, like }: Context['args']): string {
  const of = (name: string, what: string): string =>
    `(SELECT ${what}::text FROM pg_catalog.pg_class WHERE oid = to_regclass(${literal(qualified(name))}))`;
  const owner = 'pg_get_userbyid(relowner)';
  return `SELECT ${of(table, 'relkind')} AS kind, ${of(table, owner)} AS owner, ${of(like, owner)} AS like`;
}

function proof({ args }: Context, made: Made | undefined): Evidence {
  return evidenceOf(`${args.table} is there (${args.purpose})`, [
    expectEqual('kind of relation', 'table', made?.kind === 'r' ? 'table' : `relkind ${made?.kind}`),
    expectEqual('owner', made?.like ?? 'nobody', made?.owner ?? 'nobody'),
  ]);
}

async function closeTable(context: Context): Promise<void> {
  const { table } = context.args;
  await context.transaction(async (tx) => {
    if (await findTrigger(tx, table, refusalNames(table).trigger)) return;
    await asOwnerOf(tx, table, async () => {
      await settle(tx, [table]);
      await together(tx, refuseWrites(table, markerOf(context)));
    });
  });
}

async function archiveRows(context: Context): Promise<Archived> {
  const { table } = context.args;
  const keyset = (await context.read((session) => findPrimaryKey(session, table))) ?? byPlace(table);
  const what: ToArchive = { keyset, value: ROW_VALUE };
  await archive(context, what);
  const archived = await context.transaction(
    async (tx) => {
      await stableText(tx);
      return compareArchive(tx, context.run.id, what);
    },
    { statementTimeoutMs: SCAN_TIMEOUT_MS },
  );
  if (isWhole(archived)) return archived;
  throw refused(
    `Of ${archived.rows} rows of ${table} the archive holds ${archived.kept} with the same value, although writes to it are refused; it was not dropped. Find out what wrote (a superuser?), then \`cutover retry\`.`,
  );
}

async function drop(tx: PgSession, context: Context, archived: Archived): Promise<Evidence> {
  const { table } = context.args;
  await refusing(['2BP01'], `${table} cannot be dropped because other objects use it; drop them first`, () =>
    asOwnerOf(tx, table, async () => together(tx, dropTable(table))),
  );
  const left = await findRelation(tx, table);
  return evidenceOf(
    `${table} dropped, its ${archived.rows} rows are in the archive`,
    [
      expectEqual('rows in the archive', archived.rows, archived.kept),
      expectEqual('digest of the archive', archived.digest, archived.keptDigest),
      expectEqual(table, 'gone', left ? 'still there' : 'gone'),
    ],
    { archivedRows: archived.rows, archiveDigest: archived.digest },
  );
}
