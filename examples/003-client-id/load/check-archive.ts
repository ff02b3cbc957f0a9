import type { ArchiveLookup } from './archive';
import type { Expectations, ExpectedRow } from './expectations';
import type { Seen } from './look-up';
import { REGISTRY } from './verdict';
import type { Row } from '../../shared/append-log';

export interface ArchiveReport {
  /** Rows and keys that were looked for and found. */
  readonly inArchive: number;
  readonly missing: readonly { readonly key: string; readonly text: string }[];
}

/**
 * What an acknowledged write gave the new schema and the old one cannot hold: the tenant key of every row that is not the
 * default organisation's, and every row of organizations and user_organizations.
 */
export async function checkArchive(input: {
  readonly expected: Expectations;
  /** As found in the database, in the order of `expected.rows`. */
  readonly seen: readonly Seen[];
  readonly archive?: ArchiveLookup | undefined;
}): Promise<ArchiveReport> {
  const wanted = input.expected.rows
    .map((row, index) => want(row, input.seen[index]))
    .filter((one) => one !== undefined);
  const missing: { key: string; text: string }[] = [];
  let inArchive = 0;
  for (const table of new Set(wanted.map((one) => one.table))) {
    const ofTable = wanted.filter((one) => one.table === table);
    const found = await input.archive?.(
      `public.${table}`,
      ofTable.map((one) => one.id),
    );
    for (const { key, id, value } of ofTable) {
      if (found?.get(id)?.some((archived) => contains(archived, value)) === true) inArchive += 1;
      else missing.push({ key, text: `the archive does not hold ${JSON.stringify(value)} for ${table} ${id}` });
    }
  }
  return { inArchive, missing };
}

interface Wanted {
  readonly key: string;
  readonly table: string;
  readonly id: string;
  readonly value: Row;
}

function want(row: ExpectedRow, seen: Seen | undefined): Wanted | undefined {
  if (row.outcome !== 'ok') return undefined;
  if (REGISTRY.has(row.table)) {
    const id = row.by === 'id' ? row.value : row.values.id;
    return { key: row.key, table: row.table, id: String(id), value: row.values };
  }
  const id = seen?.id ?? row.values.id;
  return row.org === null || id === undefined
    ? undefined
    : { key: row.key, table: row.table, id: String(id), value: { client_id: row.org } };
}

const contains = (archived: Row, value: Row): boolean =>
  Object.entries(value).every(([column, expected]) => archived[column] === expected);
