import { describeError } from '../../src/core/failure';
import type { AdoptedTable } from '../../src/core/table-args';
import type { RunRef } from '../../src/core/verb';
import { isUnique } from './catalog';
import type { PgSession } from './context';
import { ident, qualified, split } from './identifiers';
import { makerOf } from './marker';
import { createTableIn } from './moved-ddl';
import { readTable, type ExistingTable, type TableColumn } from './table-shape';

/** What stands between an existing table and the plan's; none = it is as good as the one that the plan would create. */
export interface Adoption {
  readonly problems: readonly string[];
  /** Columns of the plan's DDL, and those that the table has beyond them. */
  readonly columns: number;
  readonly further: number;
}

/**
 * Compares an existing table with the plan's DDL, column by column, as the server understands both: the DDL is carried
 * out in a schema of its own and taken back. Needs a transaction; its locks (the DDL's foreign keys) are given back too.
 */
export async function adoption(tx: PgSession, wanted: AdoptedTable, run: Pick<RunRef, 'id'>): Promise<Adoption> {
  const there = await readTable(tx, wanted.table);
  if (!there) return { problems: [`${wanted.table} is not there any more`], columns: 0, further: 0 };
  const standing = await standingProblems(tx, wanted.table, there, run);
  const planned = await tried(tx, wanted);
  if (typeof planned === 'string') return { problems: [...standing, planned], columns: 0, further: 0 };
  return {
    problems: [
      ...standing,
      ...planned.columns.flatMap((column) => columnProblem(wanted, column, there)),
      ...there.columns.flatMap((column) => unfilledProblem(wanted, column, planned)),
      ...(await uniqueProblems(tx, wanted)),
      ...referenceProblems(wanted, planned, there),
    ],
    columns: planned.columns.length,
    further: there.columns.filter((c) => !planned.columns.some((p) => p.name === c.name)).length,
  };
}

const PLACE = 'cutover_adopt';

async function tried(tx: PgSession, wanted: AdoptedTable): Promise<ExistingTable | string> {
  const create = createTableIn(wanted.create, PLACE);
  if (create === undefined) return `${wanted.file} holds no CREATE TABLE to compare ${wanted.table} with`;
  await tx.execute(`SAVEPOINT ${PLACE}`);
  try {
    await tx.execute(`CREATE SCHEMA ${PLACE}`);
    await tx.execute(create);
    const made = await readTable(tx, `${PLACE}.${split(wanted.table).local}`);
    return made ?? `${wanted.file} does not create ${wanted.table}; correct the file, or the table's name in the plan`;
  } catch (error) {
    // Somebody's lock in the way is no answer: the caller tries again.
    if (!/^(42|0A)/.test((error as { code?: string } | undefined)?.code ?? '')) throw error;
    return `the CREATE TABLE of ${wanted.file} cannot be carried out (${describeError(error)})`;
  } finally {
    await tx.execute(`ROLLBACK TO SAVEPOINT ${PLACE}; RELEASE SAVEPOINT ${PLACE}`).catch(() => undefined);
  }
}

async function standingProblems(
  tx: PgSession,
  table: string,
  there: ExistingTable,
  run: Pick<RunRef, 'id'>,
): Promise<readonly string[]> {
  if (there.kind !== 'r') return [`${table} is there already and is no ordinary table (relkind ${there.kind})`];
  const maker = makerOf(there.comment);
  const left = maker !== undefined && maker !== run.id && !(await endedWell(tx, maker));
  return [
    ...(left ? [`the table ${table} is left over from run ${maker}; roll that run back, or drop it`] : []),
    ...(there.ours ? [] : [`${table} belongs to ${there.owner}; GRANT ${ident(there.owner)} TO the tool's role`]),
    ...(there.forcedRowSecurity
      ? [`${table} has FORCE ROW LEVEL SECURITY; ALTER TABLE ${table} NO FORCE ROW LEVEL SECURITY until contract`]
      : []),
  ];
}

async function endedWell(tx: PgSession, runId: string): Promise<boolean> {
  const [lane] = await tx.query<{ there: boolean }>(`SELECT to_regclass('cutover.ledger') IS NOT NULL AS there`);
  if (!lane?.there) return false;
  const [found] = await tx.query<{ done: boolean }>(
    `SELECT EXISTS (SELECT FROM cutover.ledger WHERE run_id = $1 AND event = 'finished' AND body ->> 'outcome' = 'done') AS done`,
    [runId],
  );
  return found?.done === true;
}

function columnProblem({ table, file }: AdoptedTable, wanted: TableColumn, there: ExistingTable): readonly string[] {
  const found = there.columns.find((c) => c.name === wanted.name);
  const alter = `ALTER TABLE ${qualified(table)}`;
  const name = ident(wanted.name);
  if (!found) {
    const add = `${alter} ADD COLUMN ${name} ${wanted.type}`;
    if (wanted.default !== null)
      return [
        `${table} has no column ${wanted.name}; ${add} DEFAULT ${wanted.default}${wanted.notNull ? ' NOT NULL' : ''}`,
      ];
    return [
      `${table} has no column ${wanted.name}; ${add}${wanted.notNull ? `, fill it, then ALTER COLUMN ${name} SET NOT NULL` : ''}`,
    ];
  }
  if (found.type !== wanted.type)
    return [
      `${table}.${wanted.name} is ${found.type} and ${file} has ${wanted.type}; write ${found.type} into the file, or ${alter} ALTER COLUMN ${name} TYPE ${wanted.type}`,
    ];
  if (wanted.notNull && !found.notNull)
    return [`${table}.${wanted.name} may be null and in ${file} may not; ${alter} ALTER COLUMN ${name} SET NOT NULL`];
  return [];
}

/** A column that must have a value, that nothing gives one, and that the tool does not know: every insert of ours would fail. */
function unfilledProblem(
  { table, needs }: AdoptedTable,
  column: TableColumn,
  planned: ExistingTable,
): readonly string[] {
  if (!column.notNull || column.filled || needs.fills.includes(column.name)) return [];
  const own = planned.columns.find((c) => c.name === column.name);
  const value = own?.default ?? '<a value>';
  return [
    `${table}.${column.name} must have a value and has no default, so the rows of this run would be refused; ALTER TABLE ${qualified(table)} ALTER COLUMN ${ident(column.name)} SET DEFAULT ${value}`,
  ];
}

async function uniqueProblems(tx: PgSession, { table, needs }: AdoptedTable): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const columns of needs.unique) {
    if (await isUnique(tx, table, columns)) continue;
    const list = columns.map(ident).join(', ');
    problems.push(
      `${table} is not unique over (${columns.join(', ')}); CREATE UNIQUE INDEX CONCURRENTLY ON ${qualified(table)} (${list})`,
    );
  }
  return problems;
}

function referenceProblems({ table }: AdoptedTable, planned: ExistingTable, there: ExistingTable): readonly string[] {
  return planned.foreignKeys.flatMap((key) => {
    const same = there.foreignKeys.find((k) => k.definition.replace(/ NOT VALID$/, '') === key.definition);
    if (same?.validated) return [];
    const columns = key.columns.join(', ');
    const other = there.foreignKeys.find((k) => k.columns.join(', ') === columns);
    const found = same
      ? `has it NOT VALID; VALIDATE CONSTRAINT`
      : other
        ? `has "${other.definition}"; make the two agree`
        : `has none; ALTER TABLE ${qualified(table)} ADD ${key.definition} NOT VALID, then VALIDATE CONSTRAINT`;
    return [`the plan's foreign key on (${columns}) is "${key.definition}", and ${table} ${found}`];
  });
}
