import { done } from '../../src/core/evidence';
import { CutoverError, FAILURES, type FailureType } from '../../src/core/failure';
import { digestOf } from '../../src/core/json';
import type { People } from '../../src/core/people';
import type { Verb } from '../../src/core/step';
import {
  EMPTY_HEAD,
  type Facts,
  type Head,
  type LedgerNote,
  type VerbInput,
  type VerbResult,
} from '../../src/core/verb';

export const WORKFLOW_PEOPLE: People = {
  roles: { 'lead-1': ['lead'], 'lead-2': ['lead'], 'dba-1': ['dba'], 'sre-1': ['sre'] },
  digest: 'sha256:people',
  mode: 'claimed',
};

/** What one attempt of a verb does in place of its work; returning nothing is success. */
export type Behaviour = (attempt: FakeAttempt) => Promise<VerbResult['evidence'] | undefined>;

export interface FakeAttempt {
  readonly input: VerbInput;
  /** Aborts when the workflow cancels the activity. */
  readonly signal: AbortSignal;
}

/** What a run acts upon, without a database: it keeps the ledger's promise (one writer, one chain) and does as it is told. */
export class FakeTarget {
  people = WORKFLOW_PEOPLE;
  material: Record<string, string> = { fingerprint: 'cluster 7, database 16384', catalog: 'sha256:catalog' };
  /** `do expand/key`, once per attempt, in the order they came. */
  readonly attempts: string[] = [];
  readonly inputs: VerbInput[] = [];
  readonly notes: LedgerNote[] = [];
  factsAsked = 0;
  /** `ops: gate expand`, once per attempt. */
  readonly told: string[] = [];
  /** What happens to whatever people are told. */
  webhook: () => Promise<void> = () => Promise.resolve();
  /** Called before the facts are answered: a test that wants to speak just then waits here. */
  beforeFacts: () => Promise<void> = () => Promise.resolve();
  private readonly scripts = new Map<string, Behaviour[]>();
  private readonly stored = new Map<string, VerbResult>();
  private chain: readonly { readonly head: Head; readonly step: string }[] = [];

  /** The next attempts of this verb, one behaviour each; after them it succeeds. */
  script(verb: Verb, step: string, ...behaviours: readonly Behaviour[]): this {
    const key = `${verb} ${step}`;
    this.scripts.set(key, [...(this.scripts.get(key) ?? []), ...behaviours]);
    return this;
  }

  async facts(): Promise<Facts> {
    this.factsAsked += 1;
    await this.beforeFacts();
    return { material: { ...this.material }, shown: { rows: '7' } };
  }

  async attempt(input: VerbInput, signal: AbortSignal): Promise<VerbResult> {
    const key = `${input.verb} ${input.step.id}`;
    this.attempts.push(key);
    this.inputs.push(input);
    this.requirePlace(input);
    const own = `${key} ${input.round}`;
    const stored = this.stored.get(own);
    if (stored) return stored;
    this.take(input.notes);
    this.append(input, 'start');
    const evidence = (await this.scripts.get(key)?.shift()?.({ input, signal })) ?? done(`${key} is done`);
    const result = { evidence, head: this.append(input, 'end'), ms: 1 };
    this.stored.set(own, result);
    return result;
  }

  take(notes: readonly LedgerNote[]): void {
    for (const note of notes) if (!this.notes.some((n) => n.id === note.id)) this.notes.push(note);
  }

  /** As activities/postgres/lane/ledger.ts: past the expected place there may be rows of this step only. */
  private requirePlace({ expect, step }: VerbInput): void {
    const known = expect.seq === 0 || this.chain[expect.seq - 1]?.head.hash === expect.hash;
    const foreign = this.chain.slice(expect.seq).find((row) => row.step !== step.id);
    if (known && !foreign) return;
    throw new CutoverError(
      'LedgerDiverged',
      `${step.id} expects row ${expect.seq}; the chain has ${this.chain.length}.`,
    );
  }

  private append({ step, verb, round }: VerbInput, event: 'start' | 'end'): Head {
    const last = this.chain[this.chain.length - 1]?.head ?? EMPTY_HEAD;
    const head = { seq: last.seq + 1, hash: digestOf([last, step.id, verb, round, event]) };
    this.chain = [...this.chain, { head, step: step.id }];
    return head;
  }
}

/** The verb fails with this type; so often as the behaviour is scripted. */
export function fails(type: FailureType, message = `made to fail: ${FAILURES[type].next}`): Behaviour {
  return () => Promise.reject(new CutoverError(type, message));
}

/** The verb answers, and its evidence says no. */
export const failsItsCheck: Behaviour = () => Promise.resolve({ ...done('the check says no'), verdict: 'fail' });

export interface Held {
  readonly behaviour: Behaviour;
  /** Settles when the attempt is under way. */
  readonly entered: Promise<void>;
  release(): void;
}

/** An attempt that stays until it is let go or cancelled. */
export function holds(then: Behaviour = () => Promise.resolve(undefined)): Held {
  const entered = deferred();
  const released = deferred();
  return {
    entered: entered.settled,
    release: released.settle,
    behaviour: async (attempt) => {
      entered.settle();
      const cancelled = new Promise<never>((_resolve, reject) => {
        attempt.signal.addEventListener('abort', () => reject(attempt.signal.reason as Error), { once: true });
      });
      await Promise.race([released.settled, cancelled]);
      return then(attempt);
    },
  };
}

export interface Deferred {
  readonly settled: Promise<void>;
  settle(): void;
}

export function deferred(): Deferred {
  let settle = (): void => undefined;
  const settled = new Promise<void>((resolve) => (settle = resolve));
  return { settled, settle: () => settle() };
}
