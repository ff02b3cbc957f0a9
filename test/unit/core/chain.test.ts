import * as fc from 'fast-check';
import { canonical, digestOf } from '../../../src/core/json';
import { firstBrokenRow, rowHash, type LedgerContent, type LedgerRow } from '../../../src/core/ledger-row';
import { breached, observe } from '../../../src/core/breach';

function chain(length: number): LedgerRow[] {
  const rows: LedgerRow[] = [];
  for (let seq = 1; seq <= length; seq += 1) {
    const content: LedgerContent = {
      seq,
      step: 's',
      verb: 'do',
      round: 1,
      event: 'start',
      body: { n: seq },
      at: 't',
      prevHash: rows.at(-1)?.hash ?? 'genesis',
    };
    rows.push({ ...content, hash: rowHash(content) });
  }
  return rows;
}

describe('the chain of the ledger', () => {
  test('holds when nobody touched it', () => expect(firstBrokenRow(chain(5))).toBeUndefined());
  test('breaks at a changed body, a removed row and a swapped one', () => {
    const rows = chain(5);
    expect(firstBrokenRow(rows.map((r) => (r.seq === 3 ? { ...r, body: { n: 99 } } : r)))?.seq).toBe(3);
    expect(firstBrokenRow(rows.filter((r) => r.seq !== 3))?.seq).toBe(4);
    expect(firstBrokenRow([rows[1]!, rows[0]!, ...rows.slice(2)])?.seq).toBe(2);
  });
});

test('canonical text does not depend on the order of keys', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const shuffled: unknown = JSON.parse(JSON.stringify(value), (_k, v: unknown) =>
        v !== null && typeof v === 'object' && !Array.isArray(v) ? Object.fromEntries(Object.entries(v).reverse()) : v,
      );
      return (
        digestOf(JSON.parse(JSON.stringify(value))) === digestOf(shuffled) &&
        canonical(JSON.parse(canonical(value))) === canonical(value)
      );
    }),
  );
});

test('a breach needs its failures within the window, and inconclusive answers count neither way', () => {
  const of = 5;
  const run = (verdicts: string): boolean =>
    breached(
      [...verdicts].reduce(
        (w, v) => observe(w, v === '.' ? 'pass' : v === 'x' ? 'fail' : 'inconclusive', of),
        [] as ReturnType<typeof observe>,
      ),
      3,
    );
  expect(run('xx...')).toBe(false);
  expect(run('xx..x')).toBe(true);
  expect(run('xx...x')).toBe(false);
  expect(run('xx????x')).toBe(true);
});
