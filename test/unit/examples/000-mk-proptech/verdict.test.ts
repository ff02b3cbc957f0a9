import { Decimal128, Double, Int32 } from 'mongodb';
import { expectations, type ExpectedDocument } from '../../../../examples/000-mk-proptech/load/expectations';
import { parseLog } from '../../../../examples/000-mk-proptech/load/read-log';
import { judge } from '../../../../examples/000-mk-proptech/load/verdict';
import type { Row } from '../../../../examples/shared/append-log';
import type { LogLine, Op, OutcomeLine, PromiseLine } from '../../../../examples/000-mk-proptech/load/write-log';

type Kind = OutcomeLine['type'] | 'none';

describe('what must be there follows from the replies', () => {
  test('an acknowledged insert and its later change', () => {
    const document = of(write('k1', 'insert', 'ok'), write('k2', 'patch', 'ok'));
    expect(document).toMatchObject({ states: [{ revision: 'k2' }], acknowledged: ['k1', 'k2'], unknown: undefined });
  });

  test('an unknown change leaves two states, a promise without an outcome the same', () => {
    const states = [{ revision: 'k1' }, { revision: 'k2' }];
    expect(of(write('k1', 'insert', 'ok'), write('k2', 'patch', 'unknown'))).toMatchObject({ states, unknown: 'k2' });
    expect(of(write('k1', 'insert', 'ok'), write('k2', 'patch', 'none'))).toMatchObject({ states, unknown: 'k2' });
  });

  test('an acknowledged deletion leaves nothing, a refused one everything', () => {
    expect(of(write('k1', 'insert', 'ok'), write('k2', 'delete', 'ok')).states).toEqual([null]);
    expect(of(write('k1', 'insert', 'ok'), write('k2', 'delete', 'refused')).states).toMatchObject([
      { revision: 'k1' },
    ]);
  });

  test('an unknown insert may belong to the named tenant or, written by the old build, to the default one', () => {
    expect(of(write('k1', 'insert', 'unknown', 't-2')).tenants).toEqual(['t-2', null]);
    expect(of(write('k1', 'insert', 'ok', 't-2')).tenants).toEqual(['t-2']);
  });
});

describe('a document is judged', () => {
  const expected = of(write('k1', 'insert', 'ok'));
  const own = { client_ref: 'k1', revision: 'k1', znesek: new Double(1.5), tenant_id: 't-1' };
  const judged = (seen: readonly object[], defaultTenant: string | undefined = 't-1', one = expected): string =>
    judge({ expected: one, seen, defaultTenant }).is;

  test.each([
    ['found with its values and key', [own], 'found'],
    ['missing', [], 'missing'],
    ['wrong when it is there twice', [own, own], 'wrong'],
    ['wrong with another value', [{ ...own, znesek: new Double(1.25) }], 'wrong'],
    ['wrong without a key', [{ ...own, tenant_id: undefined }], 'wrong'],
    ['wrong with an empty key', [{ ...own, tenant_id: '' }], 'wrong'],
    ['wrong with the key of others', [{ ...own, tenant_id: 't-2' }], 'wrong'],
    ['found whatever type the number has', [{ ...own, znesek: Decimal128.fromString('1.5') }], 'found'],
    ['wrong when the number is cut', [{ ...own, znesek: new Int32(1) }], 'wrong'],
  ])('%s', (_, seen, is) => expect(judged(seen)).toBe(is));

  test('after a rollback no key may be left', () => {
    expect(judge({ expected, seen: [own], defaultTenant: undefined }).is).toBe('wrong');
    expect(judge({ expected, seen: [{ ...own, tenant_id: undefined }], defaultTenant: undefined }).is).toBe('found');
  });

  test('a refused insert that is there is wrong', () => {
    expect(judged([own], 't-1', of(write('k1', 'insert', 'refused')))).toBe('wrong');
    expect(judged([], 't-1', of(write('k1', 'insert', 'refused')))).toBe('found');
  });

  test('a refused change that was done all the same is wrong', () => {
    const one = of(write('k1', 'insert', 'ok'), write('k2', 'patch', 'refused'));
    expect(judged([{ ...own, revision: 'k2' }], 't-1', one)).toBe('wrong');
  });
});

function write(key: string, op: Op, outcome: Kind, tenant: string | null = null): readonly LogLine[] {
  const place = { collection: 'payments', by: 'client_ref', value: 'k1' } as const;
  const values: Row = op === 'delete' ? {} : { client_ref: 'k1', revision: key, znesek: 1.5 };
  const promise: PromiseLine = { type: 'promise', key, op, ...place, values, tenant };
  if (outcome === 'none') return [promise];
  if (outcome === 'ok') return [promise, { type: 'ok', key, id: 'd-1', tenant }];
  return [promise, { type: outcome, key, status: 503, error: 'test' }];
}

function of(...writes: readonly (readonly LogLine[])[]): ExpectedDocument {
  const lines = writes.flat().map((line) => JSON.stringify(line));
  const [document] = expectations(parseLog(lines)).documents;
  if (document === undefined) throw new Error('The log has no write.');
  return document;
}
