import { inTurn } from '../../../../activities/mongodb/in-turn';

/** One that a test lets end or fail. */
interface Work {
  readonly n: number;
  readonly writing: Promise<void>;
  end(): void;
  fail(error: Error): void;
}

function worker(): { readonly started: Work[]; readonly start: (n: number) => Work } {
  const started: Work[] = [];
  const start = (n: number): Work => {
    let [end, fail]: [() => void, (error: Error) => void] = [() => undefined, () => undefined];
    const writing = new Promise<void>((resolve, reject) => ([end, fail] = [resolve, reject]));
    const work = { n, writing, end, fail };
    started.push(work);
    return work;
  };
  return { started, start };
}

async function* numbers(count: number): AsyncGenerator<number> {
  for (let n = 1; n <= count; n++) yield await Promise.resolve(n);
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('windows in turn', () => {
  it.each([
    { overlaps: false, atOnce: 1 },
    { overlaps: true, atOnce: 2 },
  ])('are accounted for in their order, $atOnce at once at most', async ({ overlaps, atOnce }) => {
    const { started, start } = worker();
    const accounted: number[] = [];
    const account = async (work: Work): Promise<void> => {
      await work.writing;
      accounted.push(work.n);
    };
    const all = inTurn(numbers(5), start, account, () => overlaps);
    for (let ended = 0; ended < 5; ended++) {
      await settled();
      expect(started).toHaveLength(Math.min(5, ended + atOnce));
      started[ended]?.end();
    }
    await all;
    expect(accounted).toEqual([1, 2, 3, 4, 5]);
  });

  it('that end before an earlier one are accounted for after it', async () => {
    const { started, start } = worker();
    const accounted: number[] = [];
    const account = async (work: Work): Promise<void> => {
      await work.writing;
      accounted.push(work.n);
    };
    const all = inTurn(numbers(2), start, account, () => true);
    await settled();
    started[1]?.end();
    await settled();
    expect(accounted).toEqual([]);
    started[0]?.end();
    await all;
    expect(accounted).toEqual([1, 2]);
  });

  it('start no other after one has failed, and leave nothing under way', async () => {
    const { started, start } = worker();
    let left = false;
    const all = inTurn(
      numbers(5),
      start,
      (work) => work.writing,
      () => true,
    ).finally(() => (left = true));
    const failed = expect(all).rejects.toThrow('overtaken');
    await settled();
    started[0]?.fail(new Error('overtaken'));
    await settled();
    expect([started.length, left]).toEqual([2, false]);
    started[1]?.fail(new Error('overtaken as well'));
    await failed;
    expect(started).toHaveLength(2);
  });
});
