import { judge } from '../../../../examples/shared/call';
import { nextOperation } from '../../../../examples/003-client-id/load/operations';
import { keepPace } from '../../../../examples/shared/pace';
import { createRandom } from '../../../../examples/shared/random';
import { emptyWorld, leaked, sawVersion, type World } from '../../../../examples/003-client-id/load/world';

function world(): World {
  return {
    ...emptyWorld(),
    version: 'v2',
    defaultOrganization: 'default',
    second: { id: 'b', userId: 'user-b', keys: new Set<string>() },
    users: ['user-1'],
    uploads: [{ id: 1, userId: 'user-1' }],
    products: [{ id: 1, ean: '4000000000007' }],
  };
}

function draw(count: number) {
  const random = createRandom(3);
  const of = world();
  const operations = Array.from({ length: count }, (_, i) => nextOperation({ world: of, random, key: `k-${i}` }));
  return { of, operations };
}

describe('the mix of requests', () => {
  test('writes to all seven tables, restocks, reads, and reaches for other organisations’ rows', () => {
    const { operations } = draw(5_000);
    const tables = new Set(operations.flatMap((operation) => Object.keys(operation.rows ?? {})));
    expect([...tables].sort()).toEqual(
      ['email_logs', 'processing_logs', 'products', 'sellout_entries2', 'transform_logs', 'uploads', 'users'].sort(),
    );
    expect(operations.some((operation) => operation.restock !== undefined)).toBe(true);
    expect(new Set(operations.map((operation) => operation.attack))).toEqual(new Set([undefined, 'read', 'write']));
  });

  test('writes nothing but uploads for the second organisation, and knows the keys of these', () => {
    const { of, operations } = draw(5_000);
    const writes = operations.filter((operation) => operation.rows !== undefined && operation.as.org === 'b');
    expect(new Set(writes.map((operation) => operation.path))).toEqual(new Set(['/uploads']));
    expect(writes.map((operation) => operation.body?.request_id)).toEqual([...(of.second?.keys ?? [])]);
    const uploads = operations.filter((operation) => operation.rows?.uploads !== undefined);
    expect(writes.length / uploads.length).toBeCloseTo(0.1, 1);
  });

  test('needs nothing to be known: it founds users first', () => {
    const random = createRandom(1);
    const first = Array.from({ length: 50 }, (_, i) => nextOperation({ world: emptyWorld(), random, key: `k-${i}` }));
    expect(
      first.every(({ rows, method }) => method === 'GET' || rows?.users !== undefined || rows?.products !== undefined),
    ).toBe(true);
  });
});

describe('a leak', () => {
  const second = { id: 'b', userId: 'user-b', keys: new Set(['mine']) };

  test('is any row that the second organisation did not write', () => {
    const rows = [{ request_id: 'mine' }, { request_id: 'other' }, { request_id: null }];
    expect(leaked({ second, readsAsSecond: true, rows })).toBe(2);
  });

  test('is any row of the second organisation that the default one sees', () => {
    expect(leaked({ second, readsAsSecond: false, rows: [{ request_id: 'mine' }, { request_id: null }] })).toBe(1);
  });

  test('cannot be judged by organisations that a rollback has taken away', () => {
    const of = world();
    sawVersion(of, 'v1');
    expect(of).toMatchObject({ version: 'v1', second: null, defaultOrganization: null });
  });

  test('does not begin again with a reply from before the rollback that comes late', () => {
    const of = world();
    const sentBefore = performance.now();
    sawVersion(of, 'v1');
    sawVersion(of, 'v2', sentBefore);
    expect(of.version).toBe('v1');
    sawVersion(of, 'v2', performance.now());
    expect(of.version).toBe('v2');
  });
});

describe('a reply', () => {
  test.each([
    [201, '{"ids":{}}', 'ok'],
    [503, '{"outcome":"refused","error":"no"}', 'refused'],
    [504, '{"outcome":"unknown","error":"?"}', 'unknown'],
    [502, '<html>bad gateway</html>', 'unknown'],
    [500, '{"error":"not ours"}', 'unknown'],
  ])('%d %s is %s', (status, text, outcome) => expect(judge({ status, text }).outcome).toBe(outcome));
});

describe('the pace', () => {
  test('never starts more than its concurrency at once, and settles when all that was started has', async () => {
    let running = 0;
    let most = 0;
    let started = 0;
    let done = (): void => undefined;
    const enough = new Promise<void>((resolve) => (done = resolve));
    const pace = keepPace({
      rate: 2_000,
      concurrency: 3,
      skip: () => undefined,
      work: async () => {
        most = Math.max(most, (running += 1));
        if ((started += 1) === 30) done();
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
      },
    });
    await enough;
    await pace.stop();
    expect([most <= 3, running]).toEqual([true, 0]);
  });
});
