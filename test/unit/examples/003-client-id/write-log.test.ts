import { expectations } from '../../../../examples/003-client-id/load/expectations';
import { parseLog } from '../../../../examples/003-client-id/load/read-log';

const DEFAULT = '00000000-0000-0000-0000-00000000000d';
const SECOND = '00000000-0000-0000-0000-00000000000b';

const upload = (key: string, org: string | null): string =>
  JSON.stringify({ type: 'promise', key, org, op: 'insert', rows: { uploads: { file_name: key } } });
const ok = (key: string, more: object): string =>
  JSON.stringify({ type: 'ok', key, version: 'v2', organizationId: DEFAULT, ids: {}, ...more });
const restock = (key: string, increment: number): string =>
  JSON.stringify({ type: 'promise', key, org: null, op: 'restock', product: 5, increment });

describe('the write log', () => {
  test('leaves out a last line that a kill has torn, and no other', () => {
    const book = parseLog([upload('a', null), '{"type":"ok","ke']);
    expect([...book.promises.keys()]).toEqual(['a']);
    expect(() => parseLog(['{"type":"ok","ke', upload('a', null)], 'writes.jsonl')).toThrow(/^Line 1 of writes\.jsonl/);
  });

  test('counts a promise without a reply as unknown', () => {
    expect(expectations(parseLog([upload('a', null)])).outcomes.get('a')).toBe('unknown');
  });

  test('keeps the first baseline of a product when a second load appends its own', () => {
    const line = (counter: number): string => JSON.stringify({ type: 'baseline', product: 5, counter });
    expect(parseLog([line(3), line(8)]).baselines.get(5)).toBe(3);
  });
});

describe('what the database must look like', () => {
  test('a row is of the organisation that its request carried, but of the default one when v1 answered', () => {
    const book = parseLog([
      upload('a', SECOND),
      ok('a', { organizationId: SECOND, ids: { uploads: 1 } }),
      upload('b', SECOND),
      ok('b', { version: 'v1', organizationId: null, ids: { uploads: 2 } }),
    ]);
    expect(expectations(book).rows.map(({ key, org, values }) => [key, org, values.id])).toEqual([
      ['a', SECOND, 1],
      ['b', null, 2],
    ]);
  });

  test('a request that names the default organisation expects what one without a name does', () => {
    const book = parseLog([upload('a', null), ok('a', {}), upload('b', DEFAULT), ok('b', {})]);
    expect(expectations(book).rows.map((row) => row.org)).toEqual([null, null]);
  });

  test('a user that v2 created must have the membership that v2 has spoken of', () => {
    const promise = { type: 'promise', key: 'u', org: null, op: 'insert', rows: { users: { email: 'u@x' } } };
    const book = parseLog([JSON.stringify(promise), ok('u', { ids: { users: 'id-u', user_organizations: 'id-m' } })]);
    expect(expectations(book).rows[1]).toMatchObject({
      table: 'user_organizations',
      by: 'id',
      value: 'id-m',
      values: { user_id: 'id-u', organization_id: DEFAULT },
    });
  });

  test('a counter is its baseline, every acknowledged increment, and at most the unknown ones', () => {
    const book = parseLog([
      JSON.stringify({ type: 'baseline', product: 5, counter: 10 }),
      restock('a', 1),
      ok('a', {}),
      restock('b', 2),
      JSON.stringify({ type: 'refused', key: 'b', status: 503, error: 'no' }),
      restock('c', 3),
    ]);
    expect(expectations(book).counters).toEqual([
      { product: 5, baseline: 10, acknowledged: 1, unknown: 3, keys: ['a'] },
    ]);
  });

  test('a restocked product without a baseline is an error, not a guess', () => {
    expect(() => expectations(parseLog([restock('a', 1)]))).toThrow(/product 5 without its baseline/);
  });
});
