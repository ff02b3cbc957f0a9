import { Client } from 'pg';
import type { ArchiveLookup } from './archive';
import { checkArchive } from './check-archive';
import { expectations, type Expectations, type ExpectedRow } from './expectations';
import { lookUp, type Seen } from './look-up';
import { readLog } from './read-log';
import { readShape, type Shape } from './shape';
import { judgeCounter, judgeRow, REGISTRY, type RowVerdict } from './verdict';

export interface CheckWritesOptions {
  /** The load's write log. */
  readonly logFile: string;
  /** A connection as `owner`. */
  readonly ownerUrl: string;
  /** Where a rollback has put what the old schema cannot hold; see archiveIn(). Only read when no key is expected. */
  readonly archive?: ArchiveLookup;
  /** true: after the cutover. false: before it, or after a rollback. */
  readonly expectKey: boolean;
}

/** Counts are of requests, of which one may write several rows. Every list must be empty, and `found` must equal `ok`. */
export interface WritesReport {
  readonly promised: number;
  readonly ok: number;
  readonly refused: number;
  readonly unknown: number;
  /** Acknowledged writes that are there in full. */
  readonly found: number;
  /** Acknowledged writes that are not there, or not in the archive where they must be; sentences beginning with the key. */
  readonly missing: readonly string[];
  /** What is there but differs from what was promised, also of unknown writes. */
  readonly wrong: readonly string[];
  /** Rows and keys found in the archive because the old schema cannot hold them. */
  readonly inArchive: number;
  readonly refusedButPresent: readonly string[];
  /** Unknown writes that turned out to have been done. */
  readonly unknownPresent: number;
}

/** Holds the load's log against the database, in one snapshot. Stop the load first: what is under way counts as unknown. */
export async function checkWrites(options: CheckWritesOptions): Promise<WritesReport> {
  const expected = expectations(await readLog(options.logFile));
  const client = new Client({ connectionString: options.ownerUrl, application_name: 'example-check' });
  await client.connect();
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SET LOCAL row_security = off');
    const shape = await readShape(client);
    const seen = await lookUp(client, expected.rows);
    const counters = await readCounters(client, expected);
    await client.query('COMMIT');
    return await report({ options, expected, seen, shape, counters });
  } finally {
    await client.end();
  }
}

async function report(input: {
  readonly options: CheckWritesOptions;
  readonly expected: Expectations;
  readonly seen: readonly Seen[];
  readonly shape: Shape;
  readonly counters: ReadonlyMap<number, number>;
}): Promise<WritesReport> {
  const { options, expected, seen, shape } = input;
  const missing = new Map<string, string>();
  const wrong = new Map<string, string>();
  const present = new Set<string>();
  const absent = new Set<string>();
  expected.rows.forEach((row, index) => {
    if (!options.expectKey && REGISTRY.has(row.table)) return;
    const verdict = judgeRow({
      row,
      seen: seen[index] ?? NOTHING,
      defaultOrg: options.expectKey ? shape.defaultOrg : null,
    });
    if (verdict === 'absent') absent.add(row.key);
    else present.add(row.key);
    note({ row, verdict, missing, wrong });
  });
  // A request is one transaction: its rows came all or not at all.
  for (const key of present) {
    if (absent.has(key) && expected.outcomes.get(key) === 'unknown')
      wrong.set(key, `${key}: only some of its rows are there`);
  }
  for (const counter of expected.counters) {
    const problem = judgeCounter(counter, input.counters.get(counter.product));
    if (problem?.too === 'few') for (const key of counter.keys) missing.set(key, `${key}: ${problem.text}`);
    if (problem?.too === 'many') wrong.set(`product ${counter.product}`, problem.text);
  }
  const archived = options.expectKey
    ? { inArchive: 0, missing: [] }
    : await checkArchive({ ...input, archive: options.archive });
  for (const { key, text } of archived.missing) missing.set(key, `${key}: ${text}`);
  const of = (outcome: string): string[] => [...expected.outcomes].filter(([, o]) => o === outcome).map(([key]) => key);
  const ok = of('ok');
  return {
    promised: expected.outcomes.size,
    ok: ok.length,
    refused: of('refused').length,
    unknown: of('unknown').length,
    found: ok.filter((key) => !missing.has(key) && !wrong.has(key)).length,
    missing: [...missing.values()],
    wrong: [...shapeProblems(options.expectKey, shape), ...wrong.values()],
    inArchive: archived.inArchive,
    refusedButPresent: of('refused').filter((key) => present.has(key)),
    unknownPresent: of('unknown').filter((key) => present.has(key)).length,
  };
}

const NOTHING: Seen = { copies: 0, equal: false, id: null, clientId: null };

function note(input: {
  readonly row: ExpectedRow;
  readonly verdict: RowVerdict;
  readonly missing: Map<string, string>;
  readonly wrong: Map<string, string>;
}): void {
  const { row, verdict } = input;
  if (row.outcome === 'refused' || verdict === 'found') return;
  if (verdict !== 'absent') input.wrong.set(row.key, `${row.key}: ${verdict.wrong}`);
  else if (row.outcome === 'ok') input.missing.set(row.key, `${row.key}: ${row.table} does not hold it`);
}

/** After a rollback nothing of the new shape may be left; after a cutover all of it must be there. */
function shapeProblems(expectKey: boolean, { keyed, registry, defaultOrg }: Shape): string[] {
  if (!expectKey)
    return [
      ...keyed.map((table) => `${table} still has the column client_id`),
      ...registry.map((t) => `${t} is still there`),
    ];
  const without = 7 - keyed.length;
  return [
    ...(without === 0 ? [] : [`${without} of the seven tables have no column client_id`]),
    ...(defaultOrg === null ? ['there is no organisation default-org'] : []),
  ];
}

async function readCounters(client: Client, { counters }: Expectations): Promise<ReadonlyMap<number, number>> {
  const { rows } = await client.query<{ id: number; restock_count: number }>(
    'SELECT id::float8 AS id, restock_count FROM public.products WHERE id = ANY ($1::bigint[])',
    [counters.map((counter) => counter.product)],
  );
  return new Map(rows.map((row) => [row.id, row.restock_count]));
}
