import type { ClientSession } from 'mongodb';
import type { Logger } from 'pino';
import type { Evidence } from '../../src/core/evidence';
import type { FailureType } from '../../src/core/failure';
import type { Json } from '../../src/core/json';
import type { Actor } from '../../src/core/tenancy-args';
import type { StepKind } from '../../src/core/step';
import type { Head, VerbInput, VerbResult } from '../../src/core/verb';
import type { Attempt } from '../engine';
import type { Pulse } from '../heartbeat';
import { append, appendNotes, position } from '../lane/ledger';
import { runningClock } from '../lane/running-clock';
import type { MongoTarget } from '../resources';
import type { MongoStepHandler } from './context';
import { fingerprint } from './fingerprint';
import { announceSession, appName, checkTokenIn, claim, noToken, type Token } from './lane/claim';
import { ledgerIn } from './lane/ledger';
import { endSession, endWork } from './lane/leftovers';
import { ensureLane } from './lane/schema';
import { openLink } from './link';
import { logOperation } from './lane/operation-log';
import { ServerClock } from './server-clock';
import { told } from './server-words';
import type { MongoLink } from './session';
import { ALONE, inTransaction } from './transaction';
import { contextOf } from './work';

export interface AttemptSetup<K extends StepKind> {
  readonly input: VerbInput<K>;
  readonly pulse: Pulse;
  readonly log: Logger;
  readonly target: MongoTarget;
  readonly handler: MongoStepHandler<K>;
  /** How long a transaction is tried against other writes; default 60 s. Milliseconds. */
  readonly patienceMs?: number;
}

/** One attempt of one verb: a main client that writes under the token, and others that read, opened on need. */
export class MongoAttempt<K extends StepKind> implements Attempt {
  private readonly readers = new Map<Actor, Promise<MongoLink>>();
  private result: VerbResult | undefined;
  /** The database's clock, told with the token of the transaction that is open. */
  private now: (() => string) | undefined;
  private queue: Promise<unknown> = Promise.resolve();

  private constructor(
    readonly setup: AttemptSetup<K>,
    readonly main: MongoLink,
    readonly token: Token,
    /** All transactions of the attempt run in this one, so that whoever overtakes it knows what to end. */
    readonly session: ClientSession,
    private head: Head,
    readonly stored: VerbResult | undefined,
    private readonly clock: { readonly startedAt: number; readonly waiting: ServerClock },
  ) {}

  /** Claims, verifies that the target is the one that was claimed, finds the place in the ledger and writes the start row. */
  static async open<K extends StepKind>(setup: AttemptSetup<K>): Promise<MongoAttempt<K>> {
    const { input, target } = setup;
    const { run, step, verb } = input;
    const clock = { startedAt: performance.now(), waiting: new ServerClock() };
    const { waiting } = clock;
    const asking = await openLink(target, { appName: appName(run, 'claim'), waiting });
    let main: MongoLink | undefined;
    try {
      const first = step.kind === 'preflight' && verb === 'do';
      if (first) await ensureLane(asking.lane);
      // Whoever starts late, its step long over, takes the token from nobody: it only looks what came of it.
      const known = await position(ledgerIn(asking.lane), input);
      if (known.stored)
        return new MongoAttempt(
          setup,
          asking,
          noToken(run),
          asking.client.startSession(),
          known.head,
          known.stored,
          clock,
        );
      const print = await fingerprint(asking);
      const token = await claim(asking.lane, { run, step: step.id, verb, fingerprint: print, first });
      void asking[Symbol.asyncDispose]();
      main = await openLink(target, { appName: appName(run, token.value), waiting });
      const session = main.client.startSession();
      await announceSession(main.lane, token, session);
      const attempt = new MongoAttempt(setup, main, token, session, known.head, undefined, clock);
      const found = await attempt.begin();
      return found ? new MongoAttempt(setup, main, token, session, found.head, found, clock) : attempt;
    } catch (error) {
      void asking[Symbol.asyncDispose]();
      void main?.[Symbol.asyncDispose]();
      throw told(error);
    }
  }

  async perform(): Promise<VerbResult> {
    const { handler, input, pulse } = this.setup;
    const stopWatching = this.endOnAbort(pulse.signal);
    try {
      const evidence = await handler[input.verb](contextOf(this));
      if (!this.result) await this.finish(() => Promise.resolve(evidence));
      return { ...(this.result as unknown as VerbResult), ...this.spent() };
    } catch (error) {
      throw told(error);
    } finally {
      stopWatching();
    }
  }

  /** `work` and the end row in one transaction. */
  async finish(work: () => Promise<Evidence>): Promise<Evidence> {
    let last: VerbResult | undefined;
    const look = async (): Promise<boolean> => {
      const { stored } = await position(ledgerIn(this.main.lane), this.setup.input);
      return stored !== undefined && stored.head.hash === last?.head.hash;
    };
    const result = await this.transaction(async () => (last = await this.end(await work())), look);
    this.result = result;
    this.head = result.head;
    await logOperation(this.main, this.setup.input, {
      status: result.evidence.verdict === 'pass' ? 'completed' : 'failed',
      details: { summary: result.evidence.summary, run: this.setup.input.run.id },
    }).catch((error: unknown) => this.setup.log.debug({ reason: reasonOf(error) }, 'no row in the log of operations'));
    return result.evidence;
  }

  /** Token check first; then `work`, which may run several times. Transactions of one attempt follow each other. */
  async transaction<T>(
    work: () => Promise<T>,
    look: () => Promise<boolean | undefined> = () => Promise.resolve(undefined),
  ): Promise<T> {
    const { pulse, input } = this.setup;
    const { session } = this;
    const turn = this.queue.then(() =>
      inTransaction(
        {
          session,
          signal: pulse.signal,
          patienceMs: this.setup.patienceMs ?? PATIENCE_MS,
          onWait: (why) => pulse.progress({ doing: `${input.step.id} waits: ${why}` }),
          look,
        },
        async () => {
          this.now = runningClock(await checkTokenIn(this.main.lane, this.token, session));
          return work();
        },
      ),
    );
    this.queue = turn.catch(() => undefined);
    return turn;
  }

  /** A client that reads: as the tool, or as the application's own user. */
  reader(as: Actor): Promise<MongoLink> {
    const open = this.readers.get(as) ?? this.openReader(as);
    this.readers.set(as, open);
    return open;
  }

  waitedMs(): number {
    return this.clock.waiting.ms;
  }

  async failed(type: FailureType, message: string): Promise<void> {
    const { input, target, log } = this.setup;
    const { run, step, verb, round } = input;
    try {
      await using link = await openLink(target, { appName: appName(run, this.token.value) });
      // What a transaction of ours may still hold would keep the row out.
      const open = this.session.id?.id;
      if (open) await endSession(link.client, open);
      const session = link.client.startSession();
      const store = ledgerIn(link.lane, session);
      const body = { type, message, token: this.token.value };
      const done = await inTransaction({ ...ALONE, session }, async () => {
        const at = await checkTokenIn(link.lane, this.token, session);
        const found = await position(store, input);
        if (found.stored) return true; // it was done after all: only the reply to its commit was lost
        await append(store, run, found.head, { step: step.id, verb, round, event: 'attempt-failed', body, at });
        return false;
      });
      if (!done) await logOperation(link, input, { status: 'failed', details: { type, message, run: run.id } });
    } catch (error) {
      log.debug({ reason: reasonOf(error) }, 'the failure could not be written to the ledger');
    }
  }

  /** Takes leave without waiting for the answer: everything is committed or rolled back, and a line may be dead. */
  [Symbol.asyncDispose](): Promise<void> {
    for (const reader of this.readers.values())
      void reader.then((r) => r[Symbol.asyncDispose]()).catch(() => undefined);
    void this.main[Symbol.asyncDispose]();
    return Promise.resolve();
  }

  /** Plan, notes and start row; the result when an earlier attempt has come to the end after all. */
  private begin(): Promise<VerbResult | undefined> {
    const { input } = this.setup;
    const { run, step, verb, round } = input;
    const store = ledgerIn(this.main.lane, this.session);
    return this.transaction(async () => {
      const found = await position(store, input);
      if (found.stored) return found.stored;
      let { head } = found;
      const row = { round, at: this.now?.() ?? (await store.clock()) };
      if (input.plan && head.seq === 0)
        head = await append(store, run, head, {
          ...{ ...row, step: 'run', verb: 'note', round: 0, event: 'plan' },
          body: input.plan as unknown as Json,
        });
      head = await appendNotes(store, run, head, input.notes, found.known);
      if (!found.started)
        head = await append(store, run, head, {
          ...{ ...row, step: step.id, verb, event: 'start' },
          body: { title: step.title, token: this.token.value },
        });
      this.head = head;
      return undefined;
    });
  }

  /** The end row: the verb's result, for whoever asks again. In the transaction that is open. */
  private async end(evidence: Evidence): Promise<VerbResult> {
    const { run, step, verb, round } = this.setup.input;
    const spent = this.spent();
    const body = { evidence, ...spent, token: this.token.value } as unknown as Json;
    const store = ledgerIn(this.main.lane, this.session);
    const at = this.now ? { at: this.now() } : {};
    const head = await append(store, run, this.head, { step: step.id, verb, round, event: 'end', body, ...at });
    return { evidence, head, ...spent };
  }

  /** The end row's own insert and commit are not in what it says; they are in what the verb answers. */
  private spent(): { readonly ms: number; readonly sqlMs: number } {
    return { ms: Math.round(performance.now() - this.clock.startedAt), sqlMs: Math.round(this.clock.waiting.ms) };
  }

  private openReader(as: Actor): Promise<MongoLink> {
    const { input, target } = this.setup;
    const { waiting } = this.clock;
    return as === 'app'
      ? openLink(target, { appName: `cutover/probe/${input.run.id}`, asApp: true, waiting })
      : openLink(target, { appName: appName(input.run, this.token.value), readOnly: true, waiting });
  }

  private endOnAbort(signal: AbortSignal): () => void {
    const end = (): void => void this.endWhatRuns();
    signal.addEventListener('abort', end, { once: true });
    return () => signal.removeEventListener('abort', end);
  }

  /** A cancelled attempt must leave nothing running: the server is told to end its transaction and its operations. */
  private async endWhatRuns(): Promise<void> {
    const { input, target } = this.setup;
    try {
      await using link = await openLink(target, { appName: appName(input.run, 'cancel') });
      const id = this.session.id?.id;
      if (id) await endSession(link.client, id);
      const own = appName(input.run, this.token.value);
      await endWork(link.client, (name) => name === own);
    } catch {
      // The server is away: then what runs is too, or the next attempt's claim ends it.
    }
    await this[Symbol.asyncDispose]();
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown';
}

const PATIENCE_MS = 60_000;
