import type { Db } from 'mongodb';
import type { PreflightArgs } from '../../../src/core/preflight-args';
import type { Progress } from '../../context';
import { check, type Findings } from '../../findings';
import { missingKey } from '../missing';
import { tooLarge } from '../too-large';

/** Documents whose key is missing, by how (T0.2); `_id`s of several types; documents that the key would make too large. */
export async function documentFindings(
  db: Db,
  args: PreflightArgs,
  { signal, progress }: { readonly signal: AbortSignal; progress(progress: Progress): void },
): Promise<Findings> {
  const warnings: string[] = [];
  const large: string[] = [];
  let documents = 0;
  let missing = 0;
  for (const [done, table] of args.tables.entries()) {
    signal.throwIfAborted();
    progress({ doing: `looks at the documents of ${table}`, done, total: args.tables.length, unit: 'collections' });
    const [kinds] = await db
      .collection(table)
      .aggregate([{ $facet: facets(args.column) }])
      .toArray();
    const seen = (kinds ?? {}) as { readonly ids?: readonly Group[]; readonly keys?: readonly Group[] };
    const all = sum(seen.ids ?? []);
    documents += all;
    const without = all === 0 ? 0 : await db.collection(table).countDocuments(missingKey(args.column));
    missing += without;
    const odd = (seen.keys ?? []).filter(({ _id }) => !['missing', 'string'].includes(_id));
    const empty = without - sum(odd) - sum((seen.keys ?? []).filter(({ _id }) => _id === 'missing'));
    const said = [
      ...odd.map((g) => `${documentsHave(g.n)} ${args.column} of type ${g._id}`),
      ...(empty > 0 ? [`${documentsHave(empty)} an empty ${args.column}`] : []),
    ];
    if (said.length > 0) warnings.push(`${table}: ${said.join(', ')} (counted as missing)`);
    if ((seen.ids ?? []).length > 1)
      warnings.push(`${table}: _id of several types (${(seen.ids ?? []).map((g) => `${g._id} ${g.n}`).join(', ')})`);
    const big = await tooLarge(db, table, args.column);
    if (big.count > 0) large.push(`${big.count} of ${table}, among them _id ${big.ids.join(', ')}`);
  }
  return {
    checks: [
      check(
        'document size',
        `every document has room for ${args.column}`,
        large.map((text) => `${text}: shrink or remove them`),
      ),
    ],
    warnings:
      warnings.length > MOST
        ? [...warnings.slice(0, MOST), `and ${warnings.length - MOST} more collections with such documents`]
        : warnings,
    figures: { documents, withoutKey: missing },
  };
}

const MOST = 12;

function documentsHave(n: number): string {
  return n === 1 ? '1 document has' : `${n} documents have`;
}

interface Group {
  readonly _id: string;
  readonly n: number;
}

function facets(column: string) {
  return {
    ids: [{ $group: { _id: { $type: '$_id' }, n: { $sum: 1 } } }],
    keys: [{ $group: { _id: { $type: `$${column}` }, n: { $sum: 1 } } }],
  };
}

function sum(groups: readonly Group[]): number {
  return groups.reduce((all, { n }) => all + Number(n), 0);
}
