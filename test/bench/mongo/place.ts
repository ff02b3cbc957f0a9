import { randomBytes } from 'node:crypto';
import { MongoClient, type Collection, type Db } from 'mongodb';
import { laneName } from '../../../activities/mongodb/session';
import { stampStep } from '../../../activities/mongodb/steps/stamp';
import type { MongoTarget } from '../../../activities/resources';
import { done, type Evidence } from '../../../src/core/evidence';
import { digestOfText } from '../../../src/core/json';
import type { Captured, Rule } from '../../../src/core/tenancy-args';
import type { MongoUrls } from '../../../src/dev/mongo-users';
import { MongoTestRun, type MongoStepToRun } from '../../support/mongo-run';
import type { Bench } from '../row';
import { COLLECTION, KEY, TENANT } from './documents';

export const DEFAULT_TENANT: Captured = { step: 'expand/registry', name: 'tenant' };
export const RULE: Rule = { kind: 'constant', tenant: DEFAULT_TENANT };

export interface Stamped {
  /** Of the whole step: prediction, windows, sweeps, proof, ledger. */
  readonly ms: number;
  /** Of its windows alone. */
  readonly windowsMs: number;
  readonly windows: number;
}

/** One database of the benchmark: its collection, and a run of the tool that has claimed it. */
export class Place implements AsyncDisposable {
  private stamps = 0;

  private constructor(
    private readonly bench: Bench,
    readonly database: string,
    readonly documents: number,
    readonly urls: MongoUrls,
    /** As the tool, which is whom the baseline runs as too: the same rights, the same durability. */
    private readonly client: MongoClient,
    readonly run: MongoTestRun,
  ) {}

  static async open(input: {
    readonly bench: Bench;
    readonly name: string;
    readonly documents: number;
    readonly stamped?: boolean;
    /** Default: a target `app` on this database. */
    readonly target?: (urls: MongoUrls) => Promise<MongoTarget>;
  }): Promise<Place> {
    const { bench, name, documents, stamped = false } = input;
    const database = `${name}_${documents}`;
    const urls = await (await bench.mongo()).filled(database, documents, { stamped });
    const target = input.target ? await input.target(urls) : targetOf(urls);
    const client = new MongoClient(urls.tool, {
      appName: 'cutover-bench',
      writeConcern: { w: 'majority', journal: true },
    });
    await client.connect();
    const plan = 'bench';
    const id = `${plan}.${randomBytes(4).toString('hex')}`;
    const run = new MongoTestRun(target, { id, plan, planDigest: digestOfText(plan), home: 'app' });
    await run.claim();
    await passed(run.do(capturing()));
    return new Place(bench, database, documents, urls, client, run);
  }

  get db(): Db {
    return this.client.db();
  }

  get lane(): Db {
    return this.client.db(laneName(this.database));
  }

  get collection(): Collection {
    return this.db.collection(COLLECTION);
  }

  /** The product's step, as a worker calls it; only Temporal is missing. */
  async stamp(): Promise<Stamped> {
    this.stamps += 1;
    const from = performance.now();
    const { figures } = await passed(
      this.run.do({
        id: `backfill/stamp-${this.stamps}`,
        kind: 'stamp',
        args: { table: COLLECTION, column: KEY, rule: RULE },
        handler: stampStep,
      } as MongoStepToRun<'stamp'>),
    );
    const ms = performance.now() - from;
    await this.requireNoneLeft();
    return { ms, windowsMs: Number(figures?.['ms']), windows: Number(figures?.['windows']) };
  }

  /** What a person would type; milliseconds. */
  async updateMany(): Promise<number> {
    const from = performance.now();
    await this.collection.updateMany({ [KEY]: { $exists: false } }, { $set: { [KEY]: TENANT } });
    const ms = performance.now() - from;
    await this.requireNoneLeft();
    return ms;
  }

  /** As before any of it. */
  async reset(): Promise<void> {
    await this.collection.updateMany({}, { $unset: { [KEY]: '' } });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close(true);
    await (await this.bench.mongo()).drop(this.database);
  }

  private async requireNoneLeft(): Promise<void> {
    const left = await this.collection.countDocuments({ [KEY]: { $ne: TENANT } });
    if (left > 0) throw new Error(`${left} documents of ${this.database} have no key: that was no backfill.`);
  }
}

/** @throws when the step's own verdict is not `pass`: a step that failed fast is no measurement. */
export async function passed(evidence: Promise<Evidence>): Promise<Evidence> {
  const found = await evidence;
  if (found.verdict !== 'pass') throw new Error(found.summary);
  return found;
}

function targetOf(urls: MongoUrls): MongoTarget {
  return { kind: 'mongodb', name: 'app', url: () => urls.tool, probeAs: () => urls.app };
}

/** What the registry's step would have taken. */
function capturing(): MongoStepToRun<'manual'> {
  return {
    id: DEFAULT_TENANT.step,
    kind: 'manual',
    args: { what: 'a tenant', role: 'dba' },
    handler: {
      do: async (context) => {
        await context.capture(DEFAULT_TENANT.name, async () => TENANT);
        return context.commit(async () => done('captured'));
      },
      undo: async () => done('nothing'),
    },
  };
}
