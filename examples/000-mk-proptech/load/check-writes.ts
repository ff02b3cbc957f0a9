import { MongoClient, type Db } from 'mongodb';
import type { ArchiveLookup } from './archive';
import { checkArchive } from './check-archive';
import { expectations, type ExpectedDocument, type Expectations } from './expectations';
import { lookUp, type Holding } from './look-up';
import { readLog } from './read-log';
import { tenancyProblems } from './tenancy';
import { judge, type Verdict } from './verdict';

export interface CheckWritesOptions {
  /** The load's write log. */
  readonly logFile: string;
  /** An address that may read every collection. */
  readonly uri: string;
  readonly database: string;
  /** After the cutover: the id of the default tenant. Undefined: before it, or after a rollback. */
  readonly expectKey: string | undefined;
  /** Where a rollback has put what the old application cannot hold. Only read when no key is expected. */
  readonly archive?: ArchiveLookup | undefined;
}

/** Counts are of requests. Every list must be empty, and `found` must equal `ok`. */
export interface WritesReport {
  readonly promised: number;
  readonly ok: number;
  readonly refused: number;
  readonly unknown: number;
  /** Acknowledged writes that are there, or whose deletion or later write is. */
  readonly found: number;
  /** Acknowledged writes that are not there, or not in the archive where they must be; sentences beginning with the key. */
  readonly missing: readonly string[];
  /** What differs from what was promised, also of unknown writes, and what is wrong with the tenant keys as a whole. */
  readonly wrong: readonly string[];
  /** Documents and keys found in the archive because the old application cannot hold them. */
  readonly inArchive: number;
  readonly refusedButPresent: readonly string[];
  /** Unknown writes that turned out to have been done. */
  readonly unknownPresent: number;
}

/** Holds the load's log against the database. Stop the load and pause the ingestion first. */
export async function checkWrites(options: CheckWritesOptions): Promise<WritesReport> {
  const expected = expectations(await readLog(options.logFile));
  const client = await MongoClient.connect(options.uri, { appName: 'example-check' });
  try {
    const db = client.db(options.database);
    const holdings = await readAll(db, expected);
    return await report({ options, db, expected, holdings });
  } finally {
    await client.close();
  }
}

async function readAll(db: Db, { documents }: Expectations): Promise<ReadonlyMap<string, Holding>> {
  const names = new Set([...documents.map(({ collection }) => collection), 'messages']);
  const holdings = new Map<string, Holding>();
  for (const name of names) holdings.set(name, await lookUp(db, name));
  return holdings;
}

async function report(input: {
  readonly options: CheckWritesOptions;
  readonly db: Db;
  readonly expected: Expectations;
  readonly holdings: ReadonlyMap<string, Holding>;
}): Promise<WritesReport> {
  const { options, expected, holdings } = input;
  const missing = new Map<string, string>();
  const wrong = new Map<string, string>();
  const refusedButPresent: string[] = [];
  let unknownPresent = 0;
  const archived = await checkArchive({ ...options, documents: expected.documents, holdings });
  for (const document of expected.documents) {
    const where = archived.places.get(document);
    if (where?.is === 'archived') continue;
    if (where?.is === 'not archived')
      for (const key of document.acknowledged) missing.set(key, `${key}: ${where.text}`);
    const verdict = verdictOf(document, holdings, options.expectKey);
    const name = `${document.collection} ${document.value}`;
    if (verdict.is === 'missing')
      for (const key of document.acknowledged) missing.set(key, `${key}: ${name} is not there`);
    if (verdict.is === 'wrong') {
      const neverAccepted = document.acknowledged.length === 0 && document.unknown === undefined;
      if (neverAccepted && document.by === 'client_ref') refusedButPresent.push(...document.refused);
      else wrong.set(document.acknowledged.at(-1) ?? document.unknown ?? name, `${name} ${verdict.text}`);
    }
    if (verdict.is === 'found' && verdict.withUnknown) unknownPresent += 1;
  }
  const of = (outcome: string): string[] => [...expected.outcomes].filter(([, o]) => o === outcome).map(([key]) => key);
  const ok = of('ok');
  return {
    promised: expected.outcomes.size,
    ok: ok.length,
    refused: of('refused').length,
    unknown: of('unknown').length,
    found: ok.filter((key) => !missing.has(key) && !wrong.has(key)).length,
    missing: [...missing.values()],
    wrong: [...(await tenancyProblems(input.db, options.expectKey)), ...wrong.values()],
    inArchive: archived.inArchive,
    refusedButPresent,
    unknownPresent,
  };
}

function verdictOf(
  expected: ExpectedDocument,
  holdings: ReadonlyMap<string, Holding>,
  defaultTenant: string | undefined,
): Verdict {
  const seen = holdings.get(expected.collection)?.find(expected.by, expected.value) ?? [];
  const verdict = judge({ expected, seen, defaultTenant });
  if (!expected.ingested || verdict.is !== 'found' || seen[0]?.status !== 'done') return verdict;
  // The worker has taken the job: its message must be there too, once, and belong to the same tenant.
  const messages = holdings.get('messages')?.find('client_ref', expected.value) ?? [];
  const states = [{ client_ref: expected.value }];
  return judge({ expected: { ...expected, collection: 'messages', states }, seen: messages, defaultTenant });
}
