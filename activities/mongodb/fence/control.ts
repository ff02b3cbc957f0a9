import type { Collection, Db, Filter, UpdateFilter } from 'mongodb';
import { CutoverError } from '../../../src/core/failure';
import type { Json } from '../../../src/core/json';
import type { FenceSpec } from '../../../src/core/freeze-args';
import { isDuplicateKey } from '../duplicate-key';

/**
 * Where a freeze stands. Everything that must happen at most once goes by a conditional update of this one document:
 * whoever opens moves it out of `closed` first, and so does the commit of the switch. One of the two finds it moved.
 *
 * preparing -> closing -> closed -> switched -> open (new)
 *         \_________\_________\__-> opening  -> open (old)
 */
export type FenceState = 'preparing' | 'closing' | 'closed' | 'switched' | 'opening' | 'open';

export interface Watchdog {
  readonly pid: number;
  readonly host: string;
  readonly startedAt: Date;
  readonly beatAt: Date;
}

/** In collection `fence` of the lane, one per target, written before anything closes. */
export interface FenceDocument {
  /** The target. */
  readonly _id: string;
  readonly run: string;
  readonly step: string;
  /** Of this freeze: a later one of the same step has another. */
  readonly freeze: string;
  readonly round: number;
  readonly direction: 'forward' | 'back';
  readonly spec: FenceSpec;
  readonly tables: readonly string[];
  readonly state: FenceState;
  /** The shape that the fence was opened to. */
  readonly outcome?: 'old' | 'new';
  /** By the server's clock. Past it anybody opens. */
  readonly until: Date;
  readonly closedAt?: Date;
  readonly openedAt?: Date;
  /** Who opened it, in words: the run, a watchdog by pid, a person. */
  readonly openedBy?: string;
  /** JSON: what opening the fence needs. */
  readonly captured: string;
  /** JSON: the validators before the freeze and after the switch. */
  readonly shape: string;
  /** How many acts of the switch may have been begun; they are undone in reverse. */
  readonly acts: number;
  /** Writers that may have been stopped and must be started again. */
  readonly stopped: readonly string[];
  /** Said by the freeze itself, at its end: acts and writers are as the outcome wants them. Without it its worker was lost. */
  readonly settled: boolean;
  /** Freezes before this one, in the same round, whose worker was lost. */
  readonly lost: number;
  /** JSON, written with the switch: what the freeze has proved and counted. */
  readonly proof?: string;
  readonly watchdog?: Watchdog;
}

export type NewFence = Pick<
  FenceDocument,
  'run' | 'step' | 'freeze' | 'round' | 'direction' | 'spec' | 'tables' | 'captured' | 'shape' | 'acts' | 'lost'
>;

export class FenceControl {
  private readonly documents: Collection<FenceDocument>;

  constructor(
    readonly lane: Db,
    readonly target: string,
  ) {
    this.documents = lane.collection<FenceDocument>('fence');
  }

  async read(): Promise<FenceDocument | undefined> {
    return (await this.documents.findOne({ _id: this.target })) ?? undefined;
  }

  /** By the server's clock: the only one that worker and watchdog share. */
  async now(): Promise<Date> {
    const { localTime } = await this.lane.client.db('admin').command({ hello: 1 });
    return localTime as Date;
  }

  /** Takes the place of a freeze that is open. */
  async begin(fence: NewFence, forMs: number): Promise<void> {
    const until = new Date((await this.now()).getTime() + forMs);
    const document = { ...fence, until, state: 'preparing' as const, stopped: [], settled: false };
    try {
      await this.documents.replaceOne({ _id: this.target, state: 'open' }, document, { upsert: true });
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
      throw new CutoverError(
        'FreezeFailed',
        `Another freeze stands in the control document of ${this.target}; see \`cutover fence status\`.`,
        { cause: error },
      );
    }
  }

  /** `preparing` -> `closing`; from here on it counts. */
  async closing(freeze: string, forMs: number): Promise<void> {
    const now = await this.now();
    await this.require(freeze, ['preparing'], {
      $set: { state: 'closing', closedAt: now, until: new Date(now.getTime() + forMs) },
    });
  }

  async closed(freeze: string): Promise<void> {
    await this.require(freeze, ['closing'], { $set: { state: 'closed' } });
  }

  /** Written before an act of the switch, or the stop of a writer, begins. */
  async note(freeze: string, what: { readonly acts: number } | { readonly stopped: readonly string[] }): Promise<void> {
    await this.require(freeze, ['preparing', 'closed'], { $set: what });
  }

  /**
   * `closed` -> `switched`, only while `until` has not passed. A second time is harmless.
   *
   * @throws FreezeFailed when somebody opened the fence meanwhile, or it is too late.
   */
  async commitSwitch(freeze: string, proof: Json): Promise<void> {
    const now = await this.now();
    const taken = await this.documents.updateOne(
      { _id: this.target, freeze, state: 'closed', until: { $gt: now } },
      // Nothing is waited for any more: should its worker die now, whoever looks after the fence opens it soon.
      { $set: { state: 'switched', until: now, proof: JSON.stringify(proof) } },
    );
    if (taken.matchedCount === 1) return;
    const found = await this.read();
    if (found?.freeze === freeze && found.state === 'switched') return;
    throw new CutoverError('FreezeFailed', `The switch was not committed: ${whyNot(found, freeze, now)}.`);
  }

  /**
   * The right to open to the old shape: undefined = the switch is committed, or there is nothing to open. Whoever died
   * while opening is helped: opening twice is harmless, and a switch cannot be committed any more. Its time is cut short,
   * because the application is refused for nothing from here on.
   */
  async startOpening(freeze: string, when: 'expired' | 'now'): Promise<FenceDocument | undefined> {
    const now = await this.now();
    const expired = when === 'expired' ? { until: { $lte: now } } : {};
    const found = await this.documents.findOneAndUpdate(
      { _id: this.target, freeze, state: { $in: ['preparing', 'closing', 'closed', 'opening'] }, ...expired },
      { $set: { state: 'opening' }, $min: { until: new Date(now.getTime() + OPENING_MS) } },
      { returnDocument: 'after' },
    );
    return found ?? undefined;
  }

  /** What was said to be open is open. */
  async opened(freeze: string, by: string, outcome: 'old' | 'new'): Promise<void> {
    await this.documents.updateOne(
      { _id: this.target, freeze, state: { $in: ['opening', 'switched'] } },
      { $set: { state: 'open', outcome, openedAt: await this.now(), openedBy: by } },
    );
  }

  async settle(freeze: string): Promise<void> {
    await this.change(freeze, { $set: { settled: true, acts: 0, stopped: [] } });
  }

  /** False when there is no such freeze (any more). */
  async beat(freeze: string, watchdog: Omit<Watchdog, 'beatAt'>): Promise<boolean> {
    const beatAt = await this.now();
    return this.change(freeze, { $set: { watchdog: { ...watchdog, beatAt } } });
  }

  private async change(freeze: string, update: UpdateFilter<FenceDocument>): Promise<boolean> {
    return (await this.documents.updateOne({ _id: this.target, freeze }, update)).matchedCount === 1;
  }

  private async require(
    freeze: string,
    states: readonly FenceState[],
    update: UpdateFilter<FenceDocument>,
  ): Promise<void> {
    const filter: Filter<FenceDocument> = { _id: this.target, freeze, state: { $in: [...states] } };
    if ((await this.documents.updateOne(filter, update)).matchedCount === 1) return;
    const found = await this.read();
    throw new CutoverError('FreezeFailed', `The freeze is not ours any more: ${whyNot(found, freeze)}.`);
  }
}

/** Every control document of a lane, for status and for whoever looks after expired ones. */
export async function readFences(lane: Db): Promise<readonly FenceDocument[]> {
  return lane.collection<FenceDocument>('fence').find().toArray();
}

export function capturedOf({ captured }: Pick<FenceDocument, 'captured'>): Json {
  return JSON.parse(captured) as Json;
}

/** How long an opener is left alone. */
const OPENING_MS = 10_000;

function whyNot(found: FenceDocument | undefined, freeze: string, now?: Date): string {
  if (!found) return 'its control document is gone';
  if (found.freeze !== freeze) return `another freeze, of run ${found.run}, has taken its place`;
  if (now && found.state === 'closed') return `it was ${now.getTime() - found.until.getTime()} ms past its time`;
  const by = found.openedBy === undefined ? '' : ` by ${found.openedBy}`;
  return found.state === 'open' || found.state === 'opening'
    ? `the fence was opened to the old shape${by}`
    : `its control document says ${found.state}`;
}
