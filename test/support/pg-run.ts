import pino from 'pino';
import { PgAttempt } from '../../activities/postgres/attempt';
import type { PgContext, PgStepHandler } from '../../activities/postgres/context';
import type { PostgresTarget } from '../../activities/resources';
import { done, type Evidence } from '../../src/core/evidence';
import { digestOfText } from '../../src/core/json';
import type { StepArgs, StepKind, Verb } from '../../src/core/step';
import { EMPTY_HEAD, type Head, type RunRef, type VerbInput } from '../../src/core/verb';

export interface StepToRun<K extends StepKind> {
  readonly id: string;
  readonly kind: K;
  readonly args: StepArgs[K];
  readonly handler: PgStepHandler<K>;
}

/** One run on a real database, verb after verb, with claim, ledger and captures as a worker has them; only Temporal is missing. */
export class TestRun {
  private head: Head = EMPTY_HEAD;
  private rounds = 0;
  /** What the steps said while they were at work. */
  readonly said: string[] = [];

  constructor(
    private readonly target: PostgresTarget,
    readonly ref: RunRef = {
      id: 'phase-1.0123abcd',
      plan: 'phase-1',
      planDigest: digestOfText('plan'),
      home: target.name,
    },
  ) {}

  /** Takes the target and creates the tool's schema: what a preflight does first. */
  async claim(): Promise<void> {
    const handler: PgStepHandler<'preflight'> = {
      do: async (c) => c.commit(async () => done('claimed')),
      undo: nothing,
    };
    const args: StepArgs['preflight'] = {
      tables: [],
      column: 'client_id',
      type: 'uuid',
      creates: [],
      scratch: 'scratch',
      store: 'backups',
      maxTransactionAgeMs: 60_000,
      watch: [],
    };
    await this.perform('do', { id: 'preflight/claim', kind: 'preflight', args, handler });
  }

  do<K extends StepKind>(step: StepToRun<K>): Promise<Evidence> {
    return this.perform('do', step);
  }

  undo<K extends StepKind>(step: StepToRun<K>): Promise<Evidence> {
    return this.perform('undo', step);
  }

  /** Every call is a round of its own: like an operator's retry, it runs the verb again. */
  private async perform<K extends StepKind>(verb: Verb, step: StepToRun<K>): Promise<Evidence> {
    this.rounds += 1;
    const input: VerbInput<K> = {
      run: this.ref,
      step: {
        id: step.id,
        phase: 'expand',
        kind: step.kind,
        target: this.target.name,
        args: step.args,
        title: step.id,
      },
      verb,
      round: this.rounds,
      expect: this.head,
      notes: [],
    };
    const pulse = {
      signal: new AbortController().signal,
      attempt: 1,
      progress: ({ doing }: { readonly doing: string }) => void this.said.push(doing),
      [Symbol.dispose]: () => undefined,
    };
    await using attempt = await PgAttempt.open({
      input,
      pulse,
      log: pino({ level: 'silent' }),
      target: this.target,
      handler: step.handler,
    });
    try {
      const result = await attempt.perform();
      this.head = result.head;
      return result.evidence;
    } catch (error) {
      const [last] = await attempt.main.query<Head>(
        'SELECT seq, hash FROM cutover.ledger WHERE run_id = $1 ORDER BY seq DESC LIMIT 1',
        [this.ref.id],
      );
      if (last) this.head = last;
      throw error;
    }
  }
}

async function nothing(context: PgContext<'preflight'>): Promise<Evidence> {
  return context.commit(async () => done('nothing'));
}
