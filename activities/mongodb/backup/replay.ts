import { CutoverError } from '../../../src/core/failure';
import type { Change } from './change';
import type { ChangeReader } from './change-reader';
import { clusterTimeText, type ClusterTime } from './cluster-time';

/** What became of a document after the dump may have read it. */
export interface Touched {
  /** Undefined = it is gone. */
  readonly after: Buffer | undefined;
  readonly looked: boolean;
  /** Which reading of the stream brought it. */
  readonly reading: number;
}

export interface Instant {
  readonly at: ClusterTime;
  /** By collection and `idText`: the state at that instant of every document that was touched since the stream began. */
  readonly touched: ReadonlyMap<string, ReadonlyMap<string, Touched>>;
  readonly changes: number;
  readonly rounds: number;
}

/**
 * Brings a dump that was read over a while to one instant T.
 *
 * A document without a change between the stream's beginning and T is as it was read. Of one with changes, the last one
 * up to T counts: an insert, replacement or deletion says the state itself; an update says what a look-up found, at
 * some moment between the update and the end of the reading that brought it. So after that reading the clock is asked
 * again, giving T2, and the changes in (T, T2] are read: where none of them concerns such a document, it did not change
 * from its update until after the look-up, and the look-up is its state at T. Where one does, T2 becomes the new T. A
 * look-up of an earlier reading than that which ended at T lies before T, so nothing is left to prove for it.
 */
export class Replay {
  private readonly touched = new Map<string, Map<string, Touched>>();
  private reading = 0;
  private changes = 0;
  private bytes = 0;

  constructor(
    private readonly reader: ChangeReader,
    private readonly options: {
      readonly mark: () => Promise<ClusterTime>;
      readonly exclude: readonly string[];
      /** More than this is not held in memory. */
      readonly maxBytes: number;
    },
  ) {}

  /** Reads along until `work` has ended, so that the server need not remember more than the lag. */
  async during<T>(work: Promise<T>): Promise<T> {
    let ended = false;
    const settled = work.finally(() => (ended = true));
    settled.catch(() => undefined);
    while (!ended) {
      const change = await this.reader.next();
      if (change) this.fold(change);
    }
    return settled;
  }

  /** @throws Blocked when some document changes faster than it can be read. */
  async settle(): Promise<Instant> {
    let at = await this.options.mark();
    this.reading++;
    await this.reader.upTo(at, (change) => this.fold(change));
    for (let round = 1; round <= MAX_ROUNDS; round++) {
      const next = await this.options.mark();
      const later: Change[] = [];
      await this.reader.upTo(next, (change) => later.push(change));
      if (!later.some((change) => this.isUnsure(change)))
        return { at, touched: this.touched, changes: this.changes, rounds: round };
      at = next;
      this.reading++;
      for (const change of later) this.fold(change);
    }
    throw new CutoverError(
      'Blocked',
      `Some document is changed so often that no instant could be told in ${MAX_ROUNDS} tries (last ${clusterTimeText(at)}); try again at a quieter hour.`,
    );
  }

  private isUnsure(change: Change): boolean {
    if (change.kind === 'other') return false;
    const known = this.touched.get(change.collection)?.get(change.id);
    return known?.looked === true && known.reading === this.reading;
  }

  private fold(change: Change): void {
    if (change.collection.startsWith('system.') || this.options.exclude.includes(change.collection)) return;
    if (change.kind === 'other') {
      if (HARMLESS.has(change.what)) return;
      throw new CutoverError(
        'Blocked',
        `"${change.what}" happened to ${change.collection || 'the database'} while the dump ran, so it is of no use; try again when nobody changes collections.`,
      );
    }
    const { collection, id, after, looked } = change;
    const ofCollection = this.touched.get(collection) ?? new Map<string, Touched>();
    this.touched.set(collection, ofCollection);
    this.bytes += (after?.length ?? 0) - (ofCollection.get(id)?.after?.length ?? 0);
    if (!ofCollection.has(id)) this.bytes += ENTRY_BYTES;
    ofCollection.set(id, { after, looked, reading: this.reading });
    this.changes++;
    if (this.bytes <= this.options.maxBytes) return;
    throw new CutoverError(
      'Refused',
      `More than ${Math.round(this.options.maxBytes / 1e6)} MB of documents changed while the dump ran, more than the worker holds in memory; take the backup at a quieter hour.`,
    );
  }
}

const MAX_ROUNDS = 200;
const ENTRY_BYTES = 150;

/** Happen to collections and leave their documents as they are. */
const HARMLESS: ReadonlySet<string> = new Set(['create', 'createIndexes', 'dropIndexes', 'modify']);
