import type { Change } from '../../../../../activities/mongodb/backup/change';
import type { ChangeReader } from '../../../../../activities/mongodb/backup/change-reader';
import type { ClusterTime } from '../../../../../activities/mongodb/backup/cluster-time';
import { Replay } from '../../../../../activities/mongodb/backup/replay';

const doc = (text: string): Buffer => Buffer.from(text);
const update = (at: bigint, id: string, seen: string): Change => ({
  ...{ kind: 'document', at, collection: 'c', id, after: doc(seen), looked: true, inserted: false },
});
const insert = (at: bigint, id: string, seen: string): Change =>
  ({ ...update(at, id, seen), looked: false, inserted: true }) as Change;
const remove = (at: bigint, id: string): Change =>
  ({ ...update(at, id, ''), after: undefined, looked: false }) as Change;

/** A stream that is known beforehand, and a clock that says what it is told to. */
function replayOf(changes: readonly Change[], clock: readonly ClusterTime[], maxBytes = 1e6): Replay {
  const left = [...changes];
  const times = [...clock];
  const reader: ChangeReader = {
    next: async () => left.shift(),
    upTo: async (time, take) => {
      while (left[0] !== undefined && left[0].at <= time) take(left.shift() as Change);
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
  return new Replay(reader, { mark: async () => times.shift() ?? 999n, exclude: ['other'], maxBytes });
}

const stateOf = (instant: Awaited<ReturnType<Replay['settle']>>): Record<string, string | undefined> =>
  Object.fromEntries([...(instant.touched.get('c') ?? [])].map(([id, { after }]) => [id, after?.toString()]));

it('takes the last change up to the instant, and nothing after it', async () => {
  const replay = replayOf(
    [insert(1n, 'a', 'a1'), remove(2n, 'b'), insert(3n, 'a', 'a3'), insert(7n, 'a', 'late')],
    [5n, 8n],
  );
  const instant = await replay.settle();
  expect(instant.at).toBe(5n);
  expect(stateOf(instant)).toEqual({ a: 'a3', b: undefined });
});

it('moves the instant on when a document changed again before its look-up is proved to be of it', async () => {
  // The look-up of the update at 4 shows what the update at 6 did: at 5 the document was something else.
  const replay = replayOf([update(4n, 'a', 'of 6'), update(6n, 'a', 'of 6'), insert(6n, 'b', 'b')], [5n, 6n, 7n]);
  const instant = await replay.settle();
  expect(instant).toMatchObject({ at: 6n, rounds: 2 });
  expect(stateOf(instant)).toEqual({ a: 'of 6', b: 'b' });
});

it('does not mind later changes of other documents, nor of those whose state the event itself told', async () => {
  const replay = replayOf(
    [update(3n, 'a', 'a'), insert(4n, 'b', 'b4'), update(6n, 'b', '?'), update(6n, 'c', '?')],
    [5n, 7n],
  );
  const instant = await replay.settle();
  expect(instant).toMatchObject({ at: 5n, rounds: 1 });
  expect(stateOf(instant)).toEqual({ a: 'a', b: 'b4' });
});

it('refuses to go on when a collection is dropped or renamed meanwhile, and takes no notice of an excluded one', async () => {
  const other = (what: string, collection: string): Change => ({ kind: 'other', at: 1n, what, collection });
  await expect(replayOf([other('drop', 'c')], [5n]).settle()).rejects.toThrow(/"drop" happened to c/);
  await expect(replayOf([other('rename', 'other')], [5n, 6n]).settle()).resolves.toMatchObject({ changes: 0 });
});

it('refuses to hold more than it was given room for', async () => {
  await expect(replayOf([insert(1n, 'a', 'x'.repeat(500))], [5n], 400).settle()).rejects.toThrow(/quieter hour/);
});

it('gives up, and says so, when a document changes in every round', async () => {
  const changes = Array.from({ length: 600 }, (_, i) => update(BigInt(i + 1), 'hot', `${i}`));
  const clock = Array.from({ length: 300 }, (_, i) => BigInt(2 * i + 2));
  await expect(replayOf(changes, clock).settle()).rejects.toThrow(/changed so often/);
});
