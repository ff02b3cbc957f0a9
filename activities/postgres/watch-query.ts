import type { QueryResult } from 'pg';
import type { PgSession } from './context';
import { readOnly } from './read-only';
import { CURSOR, oneSelect } from './statements/query';
import { stableText } from './windows';

/** How one query did when it was asked: what a later asking is compared with. */
export type WatchAnswer = {
  readonly rows: number;
  readonly columns: readonly string[];
  /** Over the texts of all rows, in whatever order. */
  readonly digest: string;
  /** Median of three. */
  readonly ms: number;
  /** Nodes of the plan from the top: `Index Scan uploads_pkey on public.uploads`. */
  readonly plan: readonly string[];
  /** How each table is read: `index` only where no node of the plan reads all of it. */
  readonly access: Readonly<Record<string, 'index' | 'scan'>>;
};

/** Asks three times, for the time; the answer stays on the server, only its digest comes. Nothing can be written. */
export async function askWatch(session: PgSession, sql: string): Promise<WatchAnswer> {
  const query = oneSelect(sql);
  return readOnly(session, { timeoutMs: TIMEOUT_MS }, async () => {
    await stableText(session);
    // A cursor is planned for its first rows unless it is told that all are wanted.
    await session.execute('SET LOCAL cursor_tuple_fraction = 1.0');
    const times: number[] = [];
    for (let n = 0; n < 3; n += 1) times.push(await timed(session, query));
    const [found] = await session.query<{ rows: string; digest: string }>(digestSql(query));
    const plan = await explain(session, query);
    return {
      rows: Number(found?.rows ?? 0),
      columns: await columnsOf(session, query),
      digest: found?.digest ?? '',
      ms: Number((times.sort((a, b) => a - b)[1] ?? 0).toFixed(2)),
      plan: plan.map(nodeText).slice(0, MAX_NODES),
      access: accessOf(plan),
    };
  });
}

async function timed(session: PgSession, query: string): Promise<number> {
  const from = performance.now();
  await session.execute(`DECLARE ${CURSOR} NO SCROLL CURSOR FOR ${query}`);
  await session.execute(`MOVE FORWARD ALL FROM ${CURSOR}`);
  const ms = performance.now() - from;
  await session.execute(`CLOSE ${CURSOR}`);
  return ms;
}

/** The xor alone forgets pairs of equal rows; the sum does not. */
function digestSql(query: string): string {
  return `SELECT count(*)::text AS rows, to_hex(coalesce(bit_xor(h), 0)) || '+' || coalesce(sum(h::numeric), 0)::text AS digest
  FROM (SELECT hashtextextended(cutover_row::text, 0) AS h FROM (${query}\n) AS cutover_row) AS hashed`;
}

async function columnsOf(session: PgSession, query: string): Promise<readonly string[]> {
  const none: QueryResult = await session.client.query(`SELECT * FROM (${query}\n) AS cutover_row LIMIT 0`);
  return none.fields.map((f) => f.name);
}

interface PlanNode {
  readonly 'Node Type': string;
  readonly Schema?: string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly Plans?: readonly PlanNode[];
}

/** Never with ANALYZE: the plan is asked for, not run once more. */
async function explain(session: PgSession, query: string): Promise<readonly PlanNode[]> {
  const [row] = await session.query<{ 'QUERY PLAN': readonly { readonly Plan: PlanNode }[] }>(
    `EXPLAIN (FORMAT JSON, VERBOSE) ${query}`,
  );
  const root = row?.['QUERY PLAN'][0]?.Plan;
  return root ? flatten(root) : [];
}

function flatten(node: PlanNode): readonly PlanNode[] {
  return [node, ...(node.Plans ?? []).flatMap(flatten)];
}

function nodeText(node: PlanNode): string {
  const index = node['Index Name'] === undefined ? '' : ` ${node['Index Name']}`;
  const on = node['Relation Name'] === undefined ? '' : ` on ${relationOf(node)}`;
  return `${node['Node Type']}${index}${on}`;
}

function relationOf(node: PlanNode): string {
  return `${node.Schema ?? 'public'}.${node['Relation Name'] ?? ''}`;
}

function accessOf(plan: readonly PlanNode[]): Readonly<Record<string, 'index' | 'scan'>> {
  const access: Record<string, 'index' | 'scan'> = {};
  for (const node of plan.filter((n) => n['Relation Name'] !== undefined)) {
    const table = relationOf(node);
    if (node['Node Type'] === 'Seq Scan') access[table] = 'scan';
    else if (/^(Index|Bitmap)/.test(node['Node Type'])) access[table] ??= 'index';
  }
  return access;
}

const TIMEOUT_MS = 60_000;
const MAX_NODES = 40;
