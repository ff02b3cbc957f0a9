import { checkArchive } from '../../../../examples/003-client-id/load/check-archive';
import type { ExpectedRow } from '../../../../examples/003-client-id/load/expectations';
import type { Seen } from '../../../../examples/003-client-id/load/look-up';
import { judgeCounter, judgeRow } from '../../../../examples/003-client-id/load/verdict';

const row: ExpectedRow = {
  key: 'k',
  outcome: 'ok',
  table: 'uploads',
  by: 'request_id',
  value: 'k',
  values: { file_name: 'f' },
  org: null,
};
const there: Seen = { copies: 1, equal: true, id: '7', clientId: 'default' };

describe('a row', () => {
  test.each<[string, Partial<Seen>, Partial<ExpectedRow>, string | null, unknown]>([
    ['is found with its values and the default key', {}, {}, 'default', 'found'],
    ['is found without a key when none is expected', { clientId: null }, {}, null, 'found'],
    ['is absent', { copies: 0 }, {}, 'default', 'absent'],
    ['is wrong when it is there twice', { copies: 2 }, {}, 'default', { wrong: 'uploads holds it 2 times' }],
    ['is wrong with other values', { equal: false }, {}, 'default', { wrong: expect.stringContaining('other values') }],
    [
      'is wrong without a key',
      { clientId: null },
      {},
      'default',
      { wrong: expect.stringContaining('null instead of default') },
    ],
    [
      'is wrong with the default key when it is another organisation’s',
      {},
      { org: 'b' },
      'default',
      { wrong: expect.any(String) },
    ],
  ])('%s', (_, seen, expected, defaultOrg, verdict) => {
    expect(judgeRow({ row: { ...row, ...expected }, seen: { ...there, ...seen }, defaultOrg })).toEqual(verdict);
  });
});

describe('a counter', () => {
  const expected = { product: 5, baseline: 10, acknowledged: 4, unknown: 2, keys: [] };

  test.each([14, 15, 16])('may be %d', (found) => expect(judgeCounter(expected, found)).toBeUndefined());
  test('misses acknowledged writes below that', () => expect(judgeCounter(expected, 13)?.too).toBe('few'));
  test('counts what nobody promised above that', () => expect(judgeCounter(expected, 17)?.too).toBe('many'));
  test('misses them all when the product is gone', () => expect(judgeCounter(expected, undefined)?.too).toBe('few'));
});

describe('the archive after a rollback', () => {
  const expected = (rows: readonly ExpectedRow[]) => ({ outcomes: new Map(), rows, counters: [] });
  const organization: ExpectedRow = { ...row, table: 'organizations', by: 'slug', values: { slug: 'k', id: 'b' } };

  test('must hold the key of every row that is not the default organisation’s, and the registry whole', async () => {
    const archive = async (table: string) =>
      new Map([table === 'public.uploads' ? ['7', [{ client_id: 'b' }]] : ['b', [{ id: 'b', slug: 'k', name: 'n' }]]]);
    const rows = [{ ...row, org: 'b' }, row, organization];
    const seen = [{ ...there, clientId: null }, there, { ...there, copies: 0, id: null }];
    expect(await checkArchive({ expected: expected(rows), seen, archive })).toEqual({ inArchive: 2, missing: [] });
  });

  test('without an archive what the old schema cannot hold is missing', async () => {
    const { missing } = await checkArchive({
      expected: expected([{ ...row, org: 'b' }, organization]),
      seen: [there, there],
    });
    expect(missing.map((one) => one.text)).toEqual([
      'the archive does not hold {"client_id":"b"} for uploads 7',
      'the archive does not hold {"slug":"k","id":"b"} for organizations b',
    ]);
  });

  test('asks for no row whose write was refused', async () => {
    const rows = [{ ...organization, outcome: 'refused' as const }];
    expect(await checkArchive({ expected: expected(rows), seen: [there] })).toEqual({ inArchive: 0, missing: [] });
  });
});
