import type { Logger } from 'pino';
import type { Evidence } from '../../src/core/evidence';
import { CutoverError, type FailureType } from '../../src/core/failure';
import type { Json } from '../../src/core/json';
import type { Actor } from '../../src/core/tenancy-args';
import type { StepKind } from '../../src/core/step';
import type { Head, VerbInput, VerbResult } from '../../src/core/verb';
import type { Attempt } from '../engine';
import type { Pulse } from '../heartbeat';
import type { PostgresTarget } from '../resources';
import type { PgStepHandler } from './context';
import { fingerprint } from './fingerprint';
import { contextOf } from './work';
import { captureOnce } from './lane/capture';
import { runningClock } from './lane/clock';
import { applicationName, checkToken, claim, noToken, type Token } from './lane/claim';
import { append, appendNotes, position } from './lane/ledger';
import { ensureLane } from './lane/schema';
import { logOperation } from './lane/operation-log';
import { openSession, type OwnedSession } from './session';
import { Waiting } from './waiting';

export interface AttemptSetup<K extends StepKind> {
  readonly input: VerbInput<K>;
  readonly pulse: Pulse;
  readonly log: Logger;
  readonly target: PostgresTarget;
  readonly handler: PgStepHandler<K>;
}

/** One attempt of one verb: a main connection that writes under the token, and others that only read, opened on need. */
export class PgAttempt<K extends StepKind> implements Attempt {
  private readonly readers = new Map<Actor, Promise<OwnedSession>>();
  private result: VerbResult | undefined;
  /** The database's clock, told with the token of the transaction that is open. */
  private now: (() => string) | undefined;

  private constructor(
    readonly setup: AttemptSetup<K>,
    readonly main: OwnedSession,
    readonly token: Token,
    private head: Head,
    readonly stored: VerbResult | undefined,
    private readonly clock: { readonly startedAt: number; readonly waiting: Waiting },
  ) {}

  /** Claims, verifies that the target is the one that was claimed, finds the place in the ledger and writes the start row. */
  static async open<K extends StepKind>(setup: AttemptSetup<K>): Promise<PgAttempt<K>> {
    const { input, target } = setup;
    const { run, step, verb, round } = input;
    const clock = { startedAt: performance.now(), waiting: new Waiting() };
    const { waiting } = clock;
    const main = await openSession({ url: target.url(), applicationName: applicationName(run, 'claim'), waiting });
    try {
      const first = step.kind === 'preflight' && verb === 'do';
      if (first) await ensureLane(main);
      // Whoever starts late, its step long over, takes the token from nobody: it only looks what came of it.
      const known = await position(main, input);
      if (known.stored) return new PgAttempt(setup, main, noToken(run), known.head, known.stored, clock);
      const print = await fingerprint(main);
      const token = await claim(main, { run, step: step.id, verb, fingerprint: print, first });
      await main.execute(`SELECT set_config('application_name', $1, false)`, [applicationName(run, token.value)]);
      await main.execute('BEGIN');
      await checkToken(main, token);
      const found = await position(main, input);
      let head = found.head;
      if (!found.stored) {
        if (input.plan && head.seq === 0)
          head = await append(main, run, head, {
            step: 'run',
            verb: 'note',
            round: 0,
            event: 'plan',
            body: input.plan as unknown as Json,
          });
        head = await appendNotes(main, run, head, input.notes, found.known);
        if (!found.started)
          head = await append(main, run, head, {
            step: step.id,
            verb,
            round,
            event: 'start',
            body: { title: step.title, token: token.value },
          });
      }
      await main.execute('COMMIT');
      return new PgAttempt(setup, main, token, head, found.stored, clock);
    } catch (error) {
      await main[Symbol.asyncDispose]();
      throw error;
    }
  }

  async perform(): Promise<VerbResult> {
    const { handler, input, pulse } = this.setup;
    const stopWatching = this.cancelOnAbort(pulse.signal);
    try {
      const context = contextOf(this);
      const evidence = await handler[input.verb](context);
      const result = this.result ?? (await this.inTransaction(() => this.end(evidence)));
      return { ...result, ...this.spent() };
    } finally {
      stopWatching();
    }
  }

  /** The end row: the verb's result, for whoever asks again. In the transaction that is open. */
  async end(evidence: Evidence): Promise<VerbResult> {
    const { run, step, verb, round, log } = this.setup.input;
    const spent = this.spent();
    const body = { evidence, ...spent, token: this.token.value };
    const head = await append(this.main, run, this.head, {
      step: step.id,
      verb,
      round,
      event: 'end',
      body: body as unknown as Json,
      ...(this.now ? { at: this.now() } : {}),
    });
    await logOperation(this.main, log, {
      step: step.id,
      verb,
      status: evidence.verdict === 'pass' ? 'completed' : 'failed',
      details: { summary: evidence.summary, run: run.id },
    });
    return { evidence, head, ...spent };
  }

  /** The end row's own INSERT and COMMIT are not in what it says; they are in what the verb answers. */
  private spent(): { readonly ms: number; readonly sqlMs: number } {
    return { ms: Math.round(performance.now() - this.clock.startedAt), sqlMs: Math.round(this.clock.waiting.ms) };
  }

  /** After the COMMIT that carried the end row. */
  settled(result: VerbResult): void {
    this.result = result;
    this.head = result.head;
  }

  async inTransaction<T>(work: () => Promise<T>): Promise<T> {
    await this.main.execute('BEGIN');
    try {
      this.now = runningClock(await checkToken(this.main, this.token));
      const value = await work();
      await this.main.execute('COMMIT');
      return value;
    } catch (error) {
      await this.main.execute('ROLLBACK').catch(() => undefined);
      throw error;
    }
  }

  capture<T extends Json>(name: string, take: () => Promise<T>): Promise<T> {
    const { run, step } = this.setup.input;
    return captureOnce(this.main, { run: run.id, step: step.id, name }, take);
  }

  /** A connection that only reads: as the tool, or as the application's own role with row security in force. */
  reader(as: Actor): Promise<OwnedSession> {
    const open = this.readers.get(as) ?? this.openReader(as);
    this.readers.set(as, open);
    return open;
  }

  waitedMs(): number {
    return this.clock.waiting.ms;
  }

  async failed(type: FailureType, message: string): Promise<void> {
    const { input, target } = this.setup;
    const { run, step, verb, round, log } = input;
    try {
      await using session = await openSession({
        url: target.url(),
        applicationName: applicationName(run, this.token.value),
      });
      await session.execute('BEGIN');
      await checkToken(session, this.token);
      const found = await position(session, input);
      if (found.stored) return; // it was done after all: only the reply to its COMMIT was lost
      await append(session, run, found.head, {
        step: step.id,
        verb,
        round,
        event: 'attempt-failed',
        body: { type, message, token: this.token.value },
      });
      await session.execute('COMMIT');
      await logOperation(session, log, {
        step: step.id,
        verb,
        status: 'failed',
        details: { type, message, run: run.id },
      });
    } catch (error) {
      this.setup.log.debug(
        { reason: error instanceof Error ? error.message : 'unknown' },
        'the failure could not be written to the ledger',
      );
    }
  }

  /** Takes leave without waiting for the answer: everything is committed or rolled back, and a line may be dead. */
  [Symbol.asyncDispose](): Promise<void> {
    for (const reader of this.readers.values())
      void reader.then((r) => r[Symbol.asyncDispose]()).catch(() => undefined);
    void this.main[Symbol.asyncDispose]();
    return Promise.resolve();
  }

  private openReader(as: Actor): Promise<OwnedSession> {
    const { input, target } = this.setup;
    if (as === 'app' && !target.probeAs) {
      throw new CutoverError(
        'Misconfigured',
        `Target "${target.name}" has no \`probeAs\` in the worker's config: what the application's role sees cannot be asked.`,
      );
    }
    const url = as === 'app' ? (target.probeAs?.() ?? '') : target.url();
    const name =
      as === 'app' ? `cutover/probe/${input.run.id}`.slice(0, 63) : applicationName(input.run, this.token.value);
    return openSession({
      url,
      applicationName: name,
      probe: as === 'app',
      readOnly: true,
      waiting: this.clock.waiting,
    });
  }

  /** A cancelled attempt must not leave its statement running: the server is told to end it. */
  private cancelOnAbort(signal: AbortSignal): () => void {
    const cancel = (): void => void this.cancelStatement();
    signal.addEventListener('abort', cancel, { once: true });
    return () => signal.removeEventListener('abort', cancel);
  }

  private async cancelStatement(): Promise<void> {
    const { input, target } = this.setup;
    try {
      await using session = await openSession({
        url: target.url(),
        applicationName: applicationName(input.run, 'cancel'),
      });
      await session.query('SELECT pg_cancel_backend($1)', [this.main.pid]);
    } catch {
      // The server is away: then the statement is too.
    }
  }
}
