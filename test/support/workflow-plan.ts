import { digestOf } from '../../src/core/json';
import type { CompiledPlan, GateSpec } from '../../src/core/plan';
import type { RunInput, Tuning } from '../../src/core/run-input';
import type { Captured } from '../../src/core/tenancy-args';
import type { Step, StepKind, StepOf } from '../../src/core/step';

const TENANT: Captured = { step: 'expand/registry', name: 'tenant' };
const RULE = { kind: 'constant', tenant: TENANT } as const;
const TABLE = { table: 'public.users', column: 'client_id' } as const;

/** At least one step in every phase that a run of runbook 003 has. */
const STEPS: readonly Step[] = [
  step('preflight/claim', 'preflight', {
    tables: ['public.users'],
    column: 'client_id',
    type: 'uuid',
    creates: [],
    scratch: 'scratch',
    store: 'backups',
    maxTransactionAgeMs: 60_000,
    watch: [],
  }),
  step('backup/dump', 'backup', { store: 'backups', exclude: [] }),
  step('expand/key', 'key', { ...TABLE, type: 'uuid', tenant: TENANT }),
  step('backfill/stamp', 'stamp', { ...TABLE, rule: RULE }),
  step('validate/count', 'query', { sql: 'SELECT 1', expect: { rows: 1 }, as: ['owner'] }),
  step('cutover/freeze', 'freeze', {
    mode: 'queue',
    tables: [{ ...TABLE, required: 'users_client_id_required', rule: RULE }],
    switch: { table: 'public.settings', keyColumn: 'key', valueColumn: 'value', key: 'tenancy', to: 'on' },
    budgetMs: 1_000,
    stallMs: 100,
    patienceMs: 10_000,
  }),
  step('observe/watch', 'observe', {
    forMs: 1_000,
    everyMs: 100,
    failures: 3,
    of: 5,
    then: 'hold',
    probes: [{ kind: 'sql', name: 'answers', sql: 'SELECT 1', expect: { rows: 1 }, as: 'app' }],
  }),
  step('contract/retire', 'retire', { tables: [TABLE] }),
  step('contract/release', 'release', { reason: 'the run is over' }),
];

const gate = (require: GateSpec['require']): GateSpec => ({ require, onExpiry: 'hold', excludeRequester: false });

/** Gates as in production; see WORKFLOW_PEOPLE in fake-target.ts for who can decide at them. */
export const WORKFLOW_PLAN: CompiledPlan = {
  version: 1,
  name: 'workflow',
  environment: 'staging',
  engine: 'postgres',
  home: 'app',
  tables: ['public.users'],
  steps: STEPS,
  gates: {
    expand: gate([{ role: 'dba', count: 1 }]),
    cutover: gate([
      { role: 'lead', count: 1 },
      { role: 'sre', count: 1 },
    ]),
    contract: gate([{ role: 'lead', count: 2 }]),
  },
  onFailure: {},
  remarks: [],
};

/** The plan with other words for one gate. */
export function withGate(
  phase: 'expand' | 'cutover' | 'contract',
  more: Partial<GateSpec>,
  plan: CompiledPlan = WORKFLOW_PLAN,
): CompiledPlan {
  return { ...plan, gates: { ...plan.gates, [phase]: { ...gate([]), ...plan.gates[phase], ...more } } };
}

/** Retries and heartbeats of tests: real time, small values. */
export function runInput(plan: CompiledPlan, tuning: Tuning = {}): RunInput {
  return {
    plan,
    planDigest: digestOf(plan),
    requestedBy: 'lead-1',
    tuning: { heartbeatMs: 4_000, retryMs: 20, attempts: 3, ...tuning },
  };
}

function step<K extends StepKind>(id: string, kind: K, args: StepOf<K>['args']): Step {
  const phase = id.split('/')[0] as Step['phase'];
  const made: StepOf<K> = { id, phase, kind, target: 'app', args, title: `${kind} of the test` };
  return made as unknown as Step;
}
