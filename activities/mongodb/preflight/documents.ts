import type { Db } from 'mongodb';
import type { PreflightArgs } from '../../../src/core/preflight-args';
import type { Progress } from '../../context';
import { check, type Findings } from '../../findings';
import { mostBytes, tooLarge } from '../too-large';

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
    const groups = await kindsOf(db, table, args.column);
    const ids = byKind(groups, ({ id }) => id);
    const keys = byKind(groups, ({ key }) => key);
    const without = sum(groups.filter(isWithout));
    documents += sum(groups);
    missing += without;
    const odd = keys.filter(({ kind }) => !['missing', 'string'].includes(kind));
    const empty = sum(groups.filter((g) => g._id.key === 'string' && g._id.empty));
    const said = [
      ...odd.map((g) => `${documentsHave(g.n)} ${args.column} of type ${g.kind}`),
      ...(empty > 0 ? [`${documentsHave(empty)} an empty ${args.column}`] : []),
    ];
    if (said.length > 0) warnings.push(`${table}: ${said.join(', ')} (counted as missing)`);
    if (ids.length > 1)
      warnings.push(`${table}: _id of several types (${ids.map((g) => `${g.kind} ${g.n}`).join(', ')})`);
    if (!groups.some((g) => g._id.large && isWithout(g))) continue;
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
  readonly _id: { readonly id: string; readonly key: string; readonly empty: boolean; readonly large: boolean };
  readonly n: number;
}

/** In one reading of the collection: all documents, by type of `_id` and of the key, an empty one, and room for it. */
function kindsOf(db: Db, table: string, column: string): Promise<Group[]> {
  const key = `$${column}`;
  const kind = {
    id: { $type: '$_id' },
    key: { $type: key },
    empty: { $eq: [key, ''] },
    large: { $gt: [{ $bsonSize: '$$ROOT' }, mostBytes(column)] },
  };
  return db
    .collection(table)
    .aggregate<Group>([{ $group: { _id: kind, n: { $sum: 1 } } }])
    .toArray();
}

function byKind(
  groups: readonly Group[],
  of: (kind: Group['_id']) => string,
): readonly { readonly kind: string; readonly n: number }[] {
  const kinds = new Map<string, number>();
  for (const { _id, n } of groups) kinds.set(of(_id), (kinds.get(of(_id)) ?? 0) + Number(n));
  return [...kinds].map(([kind, n]) => ({ kind, n })).sort((a, b) => a.kind.localeCompare(b.kind));
}

function isWithout({ _id }: Group): boolean {
  return _id.key !== 'string' || _id.empty;
}

function sum(groups: readonly { readonly n: number }[]): number {
  return groups.reduce((all, { n }) => all + Number(n), 0);
}
