import { sha256 } from '@noble/hashes/sha2';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils';

/** What may travel through workflow histories and the ledger: plain data only. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

/** `sha256:` followed by 64 hex digits. */
export type Digest = `sha256:${string}`;

/**
 * One text per value: keys sorted, undefined left out, no white space. Two values with the same canonical text are the
 * same evidence, whichever program wrote them down.
 */
export function canonical(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const entries = Object.entries(value)
    .filter(([, v]) => v !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${entries.map(([k, v]) => `${JSON.stringify(k)}:${canonical(v)}`).join(',')}}`;
}

/** Digest of the canonical text. Pure JavaScript, so that workflows, activities and the CLI compute the same. */
export function digestOf(value: unknown): Digest {
  return digestOfText(canonical(value));
}

export function digestOfText(text: string): Digest {
  return `sha256:${bytesToHex(sha256(utf8ToBytes(text)))}`;
}

/** Enough of a digest for a person to compare two by eye. */
export function shortDigest(digest: string): string {
  return digest.replace(/^sha256:/, '').slice(0, 12);
}
