import pino from 'pino';
import { MongoAttempt } from '../../activities/mongodb/attempt';
import type { MongoStepHandler } from '../../activities/mongodb/context';
import type { MongoTarget } from '../../activities/resources';
import { done, type Evidence } from '../../src/core/evidence';
import { digestOfText } from '../../src/core/json';
import type { StepArgs, StepKind, Verb } from '../../src/core/step';
import { EMPTY_HEAD, type Head, type RunRef, type VerbInput } from '../../src/core/verb';
import type { FreshMongo } from './mongo';

export interface MongoStepToRun<K extends StepKind> {
  readonly id: string;
  readonly kind: K;
  readonly args: StepArgs[K];
  readonly handler: MongoStepHandler<K>;
}

/** One run on a real server, verb after verb, with claim, ledger and captures as a worker has them; only Temporal is missing. */
export class MongoStepRun {
  private head: Head = EMPTY_HEAD;
  private rounds = 0;
  /** What the steps said while they were at work. */
  readonly said: string[] = [];
  readonly ref: RunRef;
  private readonly target: MongoTarget;

  constructor(mongo: FreshMongo, id = '000.0123abcd') {
    this.target = { kind: 'mongodb', name: 'app', url: () => mongo.urls.tool, probeAs: () => mongo.urls.app };
    this.ref = { id, plan: '000', planDigest: digestOfText('plan'), home: 'app' };
  }

  /** Takes the target, as a preflight does first. `captures`: what earlier steps would have taken. */
  async claim(captures: Readonly<Record<string, string>> = {}): Promise<void> {
    const handler: MongoStepHandler<'preflight'> = {
      do: async (c) => {
        for (const [name, value] of Object.entries(captures)) await c.capture(name, () => Promise.resolve(value));
        return c.commit(() => Promise.resolve(done('claimed')));
      },
      undo: async (c) => c.commit(() => Promise.resolve(done('nothing'))),
    };
    const args = {
      ...{ tables: [], column: 'tenant_id', type: 'string', creates: [], scratch: 'scratch', store: 'backups' },
      ...{ maxTransactionAgeMs: 60_000, watch: [] },
    };
    await this.perform('do', { id: 'preflight/claim', kind: 'preflight', args, handler });
  }

  do<K extends StepKind>(step: MongoStepToRun<K>, options: Doing = {}): Promise<Evidence> {
    return this.perform('do', step, options);
  }

  undo<K extends StepKind>(step: MongoStepToRun<K>, options: Doing = {}): Promise<Evidence> {
    return this.perform('undo', step, options);
  }

  /** Every call is a round of its own: like an operator's retry, it runs the verb again. */
  private async perform<K extends StepKind>(
    verb: Verb,
    { id, kind, args, handler }: MongoStepToRun<K>,
    { signal = new AbortController().signal, heard }: Doing = {},
  ): Promise<Evidence> {
    this.rounds += 1;
    const input: VerbInput<K> = {
      run: this.ref,
      step: { id, phase: 'backfill', kind, target: 'app', args, title: id },
      verb,
      round: this.rounds,
      expect: this.head,
      notes: [],
    };
    const pulse = {
      signal,
      attempt: 1,
      progress: ({ doing }: { readonly doing: string }) => {
        this.said.push(doing);
        heard?.(doing);
      },
      [Symbol.dispose]: () => undefined,
    };
    const attempt = await MongoAttempt.open({
      ...{ input, pulse, handler, target: this.target },
      log: pino({ level: 'silent' }),
    });
    try {
      const result = await attempt.perform();
      this.head = result.head;
      return result.evidence;
    } catch (error) {
      const [last] = await attempt.main.lane
        .collection<Head & { readonly run: string }>('ledger')
        .find({ run: this.ref.id })
        .sort({ seq: -1 })
        .limit(1)
        .toArray()
        .catch(() => []);
      if (last) this.head = { seq: last.seq, hash: last.hash };
      throw error;
    } finally {
      await attempt[Symbol.asyncDispose]();
    }
  }
}

interface Doing {
  readonly signal?: AbortSignal;
  readonly heard?: (doing: string) => void;
}
