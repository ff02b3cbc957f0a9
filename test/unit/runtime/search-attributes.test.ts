import { ensureSearchAttributes } from '../../../src/runtime/search-attributes';

type Options = Parameters<typeof ensureSearchAttributes>[0];

function server(known: Record<string, number>) {
  const added: unknown[] = [];
  const operatorService = {
    listSearchAttributes: async () => ({ customAttributes: known }),
    addSearchAttributes: async (request: unknown) => added.push(request),
  } as unknown as Options['connection']['operatorService'];
  return {
    added,
    options: (register: boolean): Options => ({
      connection: { operatorService },
      address: '127.0.0.1:7233',
      namespace: 'default',
      register,
    }),
  };
}

const ALL = { CutoverPhase: 2, CutoverStatus: 2, CutoverHome: 2 };

describe('search attributes', () => {
  it('that are all there are left alone', async () => {
    const { options, added } = server(ALL);
    await expect(ensureSearchAttributes(options(true))).resolves.toEqual([]);
    expect(added).toEqual([]);
  });

  it('that are missing stop the worker, with the commands that create them', async () => {
    const { options } = server({ CutoverPhase: 2 });
    const message = await ensureSearchAttributes(options(false)).then(String, String);
    expect(message).toContain(
      'temporal operator search-attribute create --address 127.0.0.1:7233 --namespace default --name CutoverStatus --type Keyword',
    );
    expect(message).toContain('--name CutoverHome');
    expect(message).not.toContain('--name CutoverPhase');
  });

  it('are created with --register', async () => {
    const { options, added } = server({ CutoverPhase: 2 });
    await expect(ensureSearchAttributes(options(true))).resolves.toEqual(['CutoverStatus', 'CutoverHome']);
    expect(added).toEqual([{ namespace: 'default', searchAttributes: { CutoverStatus: 2, CutoverHome: 2 } }]);
  });

  it('of another type are refused', async () => {
    await expect(ensureSearchAttributes(server({ ...ALL, CutoverHome: 1 }).options(true))).rejects.toThrow(
      /CutoverHome.*not of type Keyword/,
    );
  });
});
