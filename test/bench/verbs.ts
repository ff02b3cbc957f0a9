import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import pino from 'pino';
import { PgAttempt } from '../../activities/postgres/attempt';
import type { PgStepHandler } from '../../activities/postgres/context';
import { createHandlers, type PgHandlers } from '../../activities/postgres/handlers';
import type { PostgresTarget, Resources } from '../../activities/resources';
import type { CompiledPlan } from '../../src/core/plan';
import type { Step, StepKind, Verb } from '../../src/core/step';
import { EMPTY_HEAD, type Head, type RunRef, type VerbInput, type VerbResult } from '../../src/core/verb';
import type { RoleUrls } from '../../src/dev/roles';
import { digestOf } from '../../src/core/json';
import { resourcesOf } from '../support/backup-context';
import { watchLocks, type Hold } from './lock-watch';

export interface Performed {
  readonly step: string;
  readonly verb: Verb;
  readonly result: VerbResult;
  readonly holds: readonly Hold[];
}

/**
 * The steps of a compiled plan by their own handlers, with claim, token, ledger, captures and the runbook's log as a
 * worker has them; only Temporal is missing, which keeps no lock. Every instance is a run of its own.
 */
export class Verbs {
  private head: Head = EMPTY_HEAD;
  private rounds = 0;
  private readonly ref: RunRef;

  private constructor(
    private readonly plan: CompiledPlan,
    private readonly handlers: PgHandlers,
    private readonly target: PostgresTarget,
    private readonly admin: Client,
  ) {
    const planDigest = digestOf(plan);
    this.ref = { id: `bench.${randomBytes(4).toString('hex')}`, plan: plan.name, planDigest, home: plan.home };
  }

  /** Takes the target, in the way a preflight does; whoever had it before is forgotten. */
  static async open(input: {
    readonly plan: CompiledPlan;
    readonly urls: RoleUrls;
    readonly storeDir: string;
    readonly bin?: string;
  }): Promise<Verbs> {
    const { plan, urls, storeDir, bin } = input;
    const home: PostgresTarget = {
      kind: 'postgres',
      name: plan.home,
      url: () => urls.cutover,
      probeAs: () => urls.app,
    };
    const scratch: PostgresTarget = { kind: 'postgres', name: 'scratch', url: () => urls.scratch };
    const resources: Resources = resourcesOf({ targets: [home, scratch], storeDir, ...(bin ? { bin } : {}) });
    const admin = new Client({ connectionString: urls.superuser, application_name: 'bench' });
    admin.on('error', () => undefined); // whoever asks next is told
    await admin.connect();
    await admin.query(
      `DO $$ BEGIN IF to_regclass('cutover.claim') IS NOT NULL THEN UPDATE cutover.claim SET run_id = NULL; END IF; END $$`,
    );
    const verbs = new Verbs(plan, createHandlers(resources), home, admin);
    const claim: PgStepHandler<StepKind> = {
      do: async () => ({ verdict: 'pass', summary: 'claimed', checks: [] }),
      undo: async () => ({ verdict: 'pass', summary: 'kept', checks: [] }),
    };
    const first = plan.steps.find((s) => s.kind === 'preflight');
    if (!first) throw new Error(`The plan ${plan.name} has no preflight.`);
    await verbs.perform('do', first, claim);
    return verbs;
  }

  /** @throws when the step's own verdict is not `pass`: a step that failed fast is no measurement. */
  async perform(verb: Verb, step: Step, handler = this.handlerOf(step)): Promise<Performed> {
    this.rounds += 1;
    const { ref: run, target, head: expect, rounds: round } = this;
    const { log } = this.plan;
    const input: VerbInput = { run, step, verb, round, expect, notes: [], ...(log ? { log } : {}) };
    const relations = await this.relations();
    await using attempt = await PgAttempt.open({ input, pulse: silentPulse(), log: quiet, target, handler });
    const watch = watchLocks(attempt.main.client, relations);
    const result = await attempt.perform();
    this.head = result.head;
    if (result.evidence.verdict !== 'pass') throw new Error(`${verb} ${step.id}: ${result.evidence.summary}`);
    return { step: step.id, verb, result, holds: watch.holds };
  }

  /** As superuser, for what the benchmark itself has to put back. */
  async sql(...statements: readonly string[]): Promise<void> {
    for (const statement of statements) await this.admin.query(statement);
  }

  async close(): Promise<void> {
    await this.admin.end();
  }

  private handlerOf(step: Step): PgStepHandler<StepKind> {
    return this.handlers[step.kind] as unknown as PgStepHandler<StepKind>;
  }

  /** Tables that others can see now: a lock on what a step has just made and not committed keeps nobody waiting. */
  private async relations(): Promise<readonly number[]> {
    const found = await this.admin.query<{ oid: number }>(
      `SELECT oid::int8::int AS oid FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace`,
    );
    return found.rows.map((r) => r.oid);
  }
}

const quiet = pino({ level: 'silent' });

function silentPulse() {
  return {
    signal: new AbortController().signal,
    attempt: 1,
    progress: () => undefined,
    [Symbol.dispose]: () => undefined,
  };
}
