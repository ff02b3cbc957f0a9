import pino from 'pino';
import { MongoAttempt } from '../../activities/mongodb/attempt';
import type { MongoStepHandler } from '../../activities/mongodb/context';
import { ledgerIn } from '../../activities/mongodb/lane/ledger';
import type { MongoTarget } from '../../activities/resources';
import { done, type Evidence } from '../../src/core/evidence';
import { digestOfText } from '../../src/core/json';
import type { StepArgs, StepKind, Verb } from '../../src/core/step';
import { EMPTY_HEAD, type Head, type RunRef, type VerbInput } from '../../src/core/verb';

export interface MongoStepToRun<K extends StepKind> {
  readonly id: string;
  readonly kind: K;
  readonly args: StepArgs[K];
  readonly handler: MongoStepHandler<K>;
}

export interface OpenOptions {
  readonly verb?: Verb;
  readonly round?: number;
  readonly expect?: Head;
  readonly signal?: AbortSignal;
  readonly patienceMs?: number;
}

/** One run on a real database, verb after verb, with claim, ledger and captures as a worker has them; only Temporal is missing. */
export class MongoTestRun {
  /** Where the run believes the ledger to be. */
  head: Head = EMPTY_HEAD;
  private rounds = 0;
  /** What the steps said while they were at work. */
  readonly said: string[] = [];

  constructor(
    readonly target: MongoTarget,
    readonly ref: RunRef = {
      id: 'runbook-0.0123abcd',
      plan: 'runbook-0',
      planDigest: digestOfText('plan'),
      home: target.name,
    },
  ) {}

  /** Takes the target and makes the tool's collections: what a preflight does first. */
  claim(): Promise<Evidence> {
    const only = async (): Promise<Evidence> => done('nothing');
    const handler: MongoStepHandler<'preflight'> = { do: (c) => c.commit(async () => done('claimed')), undo: only };
    return this.do({ id: 'preflight/claim', kind: 'preflight', args: PREFLIGHT, handler });
  }

  do<K extends StepKind>(step: MongoStepToRun<K>): Promise<Evidence> {
    return this.perform('do', step);
  }

  undo<K extends StepKind>(step: MongoStepToRun<K>): Promise<Evidence> {
    return this.perform('undo', step);
  }

  /** One attempt of a verb, as a worker opens it; the caller disposes of it. */
  open<K extends StepKind>(step: MongoStepToRun<K>, options: OpenOptions = {}): Promise<MongoAttempt<K>> {
    const { verb = 'do', round = this.rounds + 1, expect = this.head, signal = new AbortController().signal } = options;
    const { id, kind, args, handler } = step;
    const input: VerbInput<K> = {
      run: this.ref,
      step: { id, phase: 'expand', kind, target: this.target.name, args, title: id },
      verb,
      round,
      expect,
      notes: [],
    };
    const pulse = {
      signal,
      attempt: 1,
      progress: ({ doing }: { readonly doing: string }) => void this.said.push(doing),
      [Symbol.dispose]: () => undefined,
    };
    const log = pino({ level: 'silent' });
    const patience = options.patienceMs === undefined ? {} : { patienceMs: options.patienceMs };
    return MongoAttempt.open({ input, pulse, log, target: this.target, handler, ...patience });
  }

  /** Every call is a round of its own: like an operator's retry, it runs the verb again. */
  private async perform<K extends StepKind>(verb: Verb, step: MongoStepToRun<K>): Promise<Evidence> {
    this.rounds += 1;
    await using attempt = await this.open(step, { verb, round: this.rounds });
    try {
      const result = attempt.stored ?? (await attempt.perform());
      this.head = result.head;
      return result.evidence;
    } catch (error) {
      const last = (await ledgerIn(attempt.main.lane).rowsAfter(this.ref.id, 0)).at(-1);
      if (last) this.head = { seq: last.seq, hash: last.hash };
      throw error;
    }
  }
}

const PREFLIGHT: StepArgs['preflight'] = {
  tables: [],
  column: 'tenantId',
  type: 'string',
  creates: [],
  scratch: 'scratch',
  store: 'backups',
  maxTransactionAgeMs: 60_000,
  watch: [],
};
