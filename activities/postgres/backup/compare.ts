import type { Check } from '../../../src/core/evidence';
import type { PgSession } from '../context';
import { digestTable } from '../digest';
import { compareInventories, readInventory } from './inventory';
import { MARKER_SCHEMA } from './scratch';
import type { Manifest } from './manifest';
import { readSequences, within } from './sequences';

/**
 * Whether this database is what the manifest says: every table's rows and digest, every sequence, and the catalog with
 * owners and grants. Run it in a transaction with the text form pinned.
 */
export async function compareWithManifest(
  session: PgSession,
  manifest: Manifest,
  onTable: (done: number, total: number) => void,
): Promise<readonly Check[]> {
  const exclude = [...manifest.excludedSchemas, MARKER_SCHEMA];
  const inventory = await readInventory(session, exclude);
  const differences = compareInventories(manifest.inventory, inventory);
  const catalog = differences.map(({ kind, missing, extra }): Check => ({
    name: kind,
    verdict: 'fail',
    expected: `as in the backup (${manifest.inventory[kind]?.length ?? 0})`,
    observed: [named('missing', missing), named('not in the backup', extra)].filter((text) => text !== '').join('; '),
  }));
  return [
    ...(await rowChecks(session, manifest, inventory.relations ?? [], onTable)),
    await sequenceCheck(session, manifest, exclude),
    ...(catalog.length > 0 ? catalog : [catalogPass(manifest)]),
  ];
}

async function rowChecks(
  session: PgSession,
  manifest: Manifest,
  relations: readonly string[],
  onTable: (done: number, total: number) => void,
): Promise<readonly Check[]> {
  const tables = Object.entries(manifest.tables);
  const there = new Set(relations.map((entry) => entry.split(' r ')[0]));
  const counts: string[] = [];
  const digests: string[] = [];
  for (const [index, [table, expected]] of tables.entries()) {
    onTable(index, tables.length);
    if (!there.has(table)) {
      counts.push(`${table} is missing`);
      continue;
    }
    const found = await digestTable(session, { table, columns: expected.columns });
    if (found.rows !== expected.rows) counts.push(`${table} has ${found.rows} rows instead of ${expected.rows}`);
    else if (found.digest !== expected.digest)
      digests.push(`${table} has the same number of rows, but not the same rows`);
  }
  return [
    listed('row counts', `as in the backup, ${tables.length} tables`, counts),
    listed('row digests', `as in the backup, ${tables.length} tables`, digests),
  ];
}

async function sequenceCheck(session: PgSession, manifest: Manifest, exclude: readonly string[]): Promise<Check> {
  const found = await readSequences(session, exclude);
  const wrong = Object.entries(manifest.sequences).flatMap(([name, range]) => {
    const value = found[name];
    if (value === undefined) return [`${name} is missing`];
    return within(range, value)
      ? []
      : [`${name} is at ${value.value}, between ${range.before.value} and ${range.after.value} in the backup`];
  });
  return listed('sequences', `as while the dump ran, ${Object.keys(manifest.sequences).length}`, wrong);
}

function catalogPass(manifest: Manifest): Check {
  const total = Object.values(manifest.inventory).reduce((sum, entries) => sum + entries.length, 0);
  const expected = `${total} entries of ${Object.keys(manifest.inventory).length} kinds, owners and grants included`;
  return { name: 'catalog', verdict: 'pass', expected, observed: expected };
}

function listed(name: string, expected: string, wrong: readonly string[]): Check {
  return wrong.length === 0
    ? { name, verdict: 'pass', expected, observed: expected }
    : { name, verdict: 'fail', expected, observed: firstOf(wrong) };
}

function named(what: string, entries: readonly string[]): string {
  return entries.length === 0 ? '' : `${what}: ${firstOf(entries)}`;
}

function firstOf(entries: readonly string[]): string {
  return entries.slice(0, 3).join(', ') + (entries.length > 3 ? `, and ${entries.length - 3} more` : '');
}
