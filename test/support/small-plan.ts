import { apply } from '../../src/core/apply';
import type { DecisionMessage } from '../../src/core/decision';
import { done, type Verdict } from '../../src/core/evidence';
import type { RunEvent } from '../../src/core/events';
import { gateEvidence } from '../../src/core/gate-evidence';
import { digestOf } from '../../src/core/json';
import type { People } from '../../src/core/people';
import type { Phase } from '../../src/core/phase';
import type { CompiledPlan, GateSpec } from '../../src/core/plan';
import { initialState, type RunState } from '../../src/core/state';
import type { Step } from '../../src/core/step';
import type { VerbResult } from '../../src/core/verb';

export const AT = '2026-11-21T12:00:00.000Z';

export const people: People = {
  roles: { 'lead-1': ['lead'], 'lead-2': ['lead'], 'dba-1': ['dba'], 'sre-1': ['sre', 'dba'] },
  digest: 'sha256:people',
  mode: 'claimed',
};

const gate = (require: GateSpec['require'], more: Partial<GateSpec> = {}): GateSpec => ({
  require,
  onExpiry: 'hold',
  excludeRequester: false,
  ...more,
});

/** One step per phase, gates as in production. */
export const plan: CompiledPlan = {
  version: 1,
  name: 'small',
  environment: 'staging',
  engine: 'postgres',
  home: 'app',
  tables: ['public.users'],
  steps: [
    step('preflight/claim', 'preflight'),
    step('expand/sql', 'expand'),
    step('backfill/sql', 'backfill'),
    step('cutover/switch', 'cutover'),
    step('contract/drop', 'contract'),
  ],
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

export function step(id: string, phase: Phase): Step {
  return { id, phase, kind: 'release', target: 'app', args: { reason: id }, title: id };
}

export const planDigest = digestOf(plan);

export function freshState(of: CompiledPlan = plan): RunState {
  const run = { id: 'small.00000000', plan: of.name, planDigest, home: of.home };
  return initialState(of, { run, requestedBy: 'lead-1', at: AT, people });
}

/** Applies events one after the other. */
export function after(state: RunState, ...events: readonly RunEvent[]): RunState {
  return events.reduce((s, e) => apply(plan, s, e), state);
}

export function result(seq: number, verdict: Verdict = 'pass'): VerbResult {
  return { evidence: { ...done('done'), verdict }, head: { seq, hash: `hash-${seq}` }, ms: 1 };
}

/** The events of one step that was done. */
export function stepDone(id: string, seq: number, verdict: Verdict = 'pass'): readonly RunEvent[] {
  return [
    { type: 'step-started', step: id, at: AT },
    { type: 'step-ended', step: id, at: AT, result: result(seq, verdict), notesThrough: 10_000 },
  ];
}

export function gateOpened(state: RunState, phase: Phase, nonce = 'n-1'): RunEvent {
  const evidence = gateEvidence(plan, state, phase, { material: { fingerprint: 'f' }, shown: { rows: '7' } });
  return { type: 'gate-opened', phase, nonce, evidence, at: AT, people };
}

export function vote(
  state: RunState,
  phase: Phase,
  approver: string,
  decision: 'approve' | 'reject' = 'approve',
): DecisionMessage {
  const open = state.gates.find((g) => g.phase === phase);
  return {
    gate: phase,
    nonce: open?.nonce ?? 'none',
    planDigest,
    evidenceDigest: open?.evidence?.digest ?? 'none',
    decision,
    approver,
  };
}
