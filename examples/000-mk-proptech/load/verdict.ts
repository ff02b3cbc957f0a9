import { isDeepStrictEqual } from 'node:util';
import { Decimal128, Double, Int32, Long, type Document } from 'mongodb';
import { SCOPED } from './collections';
import type { ExpectedDocument } from './expectations';
import type { Row } from '../../shared/append-log';

export type Verdict =
  | { readonly is: 'found'; readonly present: boolean; readonly withUnknown: boolean }
  | { readonly is: 'missing' }
  | { readonly is: 'wrong'; readonly text: string };

/** Holds what was found under a document's key against what must be there. `defaultTenant` undefined = no key is expected. */
export function judge(input: {
  readonly expected: ExpectedDocument;
  readonly seen: readonly Document[];
  readonly defaultTenant: string | undefined;
}): Verdict {
  const { expected, seen } = input;
  const [document] = seen;
  if (seen.length > 1) return { is: 'wrong', text: `is there ${seen.length} times` };
  if (document === undefined) {
    const at = expected.states.findIndex((state) => state === null);
    return at === -1 ? { is: 'missing' } : { is: 'found', present: false, withUnknown: at > 0 };
  }
  const revision: unknown = document.revision;
  if (typeof revision === 'string' && expected.refused.includes(revision))
    return { is: 'wrong', text: `carries the refused write ${revision}` };
  const at = expected.states.findIndex((state) => state !== null && holds(document, state));
  if (at === -1) {
    const gone = expected.states.every((state) => state === null);
    return { is: 'wrong', text: gone ? 'is still there' : 'has other values than were promised' };
  }
  const text = wrongTenant(input, document);
  return text === undefined ? { is: 'found', present: true, withUnknown: at > 0 } : { is: 'wrong', text };
}

function wrongTenant(
  { expected, defaultTenant }: { readonly expected: ExpectedDocument; readonly defaultTenant: string | undefined },
  document: Document,
): string | undefined {
  if (!SCOPED.has(expected.collection)) return undefined;
  const found: unknown = document.tenant_id;
  if (defaultTenant === undefined) {
    // One that was there before may have had an empty key from the start.
    const original = expected.by === 'id' && (found === null || found === '');
    return found === undefined || original ? undefined : `still has tenant_id ${String(found)}`;
  }
  const right = expected.tenants.map((tenant) => tenant ?? defaultTenant);
  return right.some((tenant) => tenant === found)
    ? undefined
    : `has tenant_id ${String(found)} instead of ${right.join(' or ')}`;
}

function holds(document: Document, values: Row): boolean {
  return Object.entries(values).every(([name, value]) => isDeepStrictEqual(plain(document[name]), value));
}

function plain(value: unknown): unknown {
  if (value instanceof Int32 || value instanceof Double) return value.valueOf();
  if (value instanceof Long) return value.toNumber();
  if (value instanceof Decimal128) return Number(value.toString());
  return value;
}
