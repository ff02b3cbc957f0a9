import { createHash } from 'node:crypto';
import { BSON, type Db, type Document } from 'mongodb';
import { applicationFailure } from '../../activities/failure';
import { failureTypeOf } from '../../activities/mongodb/errors';
import { claims } from '../../activities/mongodb/lane/documents';
import { ledgerIn } from '../../activities/mongodb/lane/ledger';
import type { Evidence } from '../../src/core/evidence';
import { FAILURES, isFailureType, type Failure } from '../../src/core/failure';
import { digestOfText } from '../../src/core/json';
import { firstBrokenRow } from '../../src/core/ledger-row';
import type { StepKind, Verb } from '../../src/core/step';
import { EMPTY_HEAD, type Head } from '../../src/core/verb';
import { resourcesOf } from './backup-context';
import type { FreshMongo } from './mongo';
import { MongoTestRun, type MongoStepToRun } from './mongo-run';

/** How a verb came to its end, and what each attempt before died of, as it leaves the activity. */
export interface Ended {
  readonly evidence: Evidence;
  readonly failures: readonly Failure[];
}

export interface Trying {
  readonly verb?: Verb;
  /** Before each attempt; `appName` is the one that its clients will have. */
  readonly before?: (attempt: { readonly n: number; readonly appName: string }) => Promise<void>;
  /** Of the first attempt. */
  readonly signal?: AbortSignal;
  /** How long the transactions of an attempt are tried; milliseconds. */
  readonly patienceMs?: number;
}

/** One run, whose attempts follow each other as Temporal makes them: the same round until one comes to the end. */
export class FaultsRun {
  readonly run: MongoTestRun;
  private head: Head = EMPTY_HEAD;
  private round = 0;

  constructor(
    mongo: FreshMongo,
    readonly lane: Db,
    id: string,
  ) {
    this.run = new MongoTestRun(
      { kind: 'mongodb', name: 'app', url: () => mongo.urls.tool, probeAs: () => mongo.urls.app },
      { id, plan: '000', planDigest: digestOfText('plan'), home: 'app' },
    );
  }

  async claim(): Promise<void> {
    await this.run.claim();
    this.head = this.run.head;
  }

  /**
   * Attempts until one passes. What Temporal would not try again is what an operator retries: a round of its own.
   *
   * @throws what the last of them died of.
   */
  async through<K extends StepKind>(step: MongoStepToRun<K>, trying: Trying = {}): Promise<Ended> {
    const failures: Failure[] = [];
    this.round += 1;
    for (let n = 1; ; n += 1) {
      await trying.before?.({ n, appName: await this.nextName() });
      try {
        return { evidence: await this.attempt(step, n, trying), failures };
      } catch (error) {
        const failure = leaving(error);
        failures.push(failure);
        if (n >= ATTEMPTS) throw error;
        if (FAILURES[failure.type].retry) continue;
        this.head = await this.lastHead();
        this.round += 1;
      }
    }
  }

  private async attempt<K extends StepKind>(step: MongoStepToRun<K>, n: number, trying: Trying): Promise<Evidence> {
    const { verb = 'do', signal, patienceMs = 150 } = trying;
    const opened = await this.run.open(step, {
      ...{ verb, round: this.round, expect: this.head, patienceMs },
      ...(signal && n === 1 ? { signal } : {}),
    });
    await using attempt = opened;
    try {
      const { evidence, head } = attempt.stored ?? (await attempt.perform());
      this.head = head;
      return evidence;
    } catch (error) {
      const { type, message } = leaving(error);
      await attempt.failed(type, message);
      throw error;
    }
  }

  private async nextName(): Promise<string> {
    const found = await claims(this.lane).findOne({ _id: 'app' });
    return `cutover/${this.run.ref.id}/${(found?.token ?? 0) + 1}`;
  }

  private async lastHead(): Promise<Head> {
    const last = (await ledgerIn(this.lane).rowsAfter(this.run.ref.id, 0)).at(-1);
    return last ? { seq: last.seq, hash: last.hash } : EMPTY_HEAD;
  }
}

/** Of one run: every row in its place, every verb ended once in its round. */
export async function proveLedger(lane: Db, run: string): Promise<void> {
  const rows = await ledgerIn(lane).rowsAfter(run, 0, 100_000);
  expect(firstBrokenRow(rows)).toBeUndefined();
  const ends = rows.filter(({ event }) => event === 'end').map((row) => `${row.step} ${row.verb} ${row.round}`);
  expect(ends.length).toBeGreaterThan(0);
  expect([...new Set(ends)]).toEqual(ends);
}

/** What every collection of the application holds, with its options and indexes. `drawn`: fields that a run makes up. */
export async function contentOf(
  db: Db,
  drawn: Readonly<Record<string, readonly string[]>>,
): Promise<Readonly<Record<string, unknown>>> {
  const content: Record<string, unknown> = {};
  for (const { name, type, ...rest } of await db.listCollections().toArray()) {
    if (type === 'view' || name.startsWith('system.')) continue;
    const options = { ...UNCHECKED, ...(rest as { readonly options?: Document }).options };
    const indexes = (await db.collection(name).indexes()).map(({ name: index, key }) => ({ index, key }));
    const documents: string[] = [];
    for await (const document of db.collection(name, EXACT).find()) {
      for (const field of drawn[name] ?? []) delete document[field];
      documents.push(createHash('sha256').update(BSON.serialize(document)).digest('hex'));
    }
    content[name] = { options, indexes, documents: documents.length, digest: digestOfText(documents.sort().join()) };
  }
  return content;
}

function leaving(error: unknown): Failure {
  const { type, message } = applicationFailure(OPEN, error, failureTypeOf(error));
  if (!isFailureType(type)) throw new Error(`An activity would fail with the type ${String(type)}.`);
  return { type, message };
}

/** Without the redaction of a worker: what the product says by itself must hold no secret. */
const OPEN = resourcesOf({ targets: [], storeDir: '' });
const ATTEMPTS = 5;
const UNCHECKED = { validator: {}, validationLevel: 'strict', validationAction: 'error' };
const EXACT = { promoteValues: false, promoteLongs: false, bsonRegExp: true } as const;
