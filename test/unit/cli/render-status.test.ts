import { Output } from '../../../src/cli/output';
import { renderGate } from '../../../src/cli/render-gate';
import { isAwaiting, renderStatus, statusLine } from '../../../src/cli/render-status';
import { apply } from '../../../src/core/apply';
import { gateDigest } from '../../../src/core/gate-evidence';
import { initialState, type RunState } from '../../../src/core/state';
import { PLAN } from '../report/ledger';
import { sink } from './host';

const out = new Output({ stdout: sink().stream, stderr: sink().stream, env: {}, json: false });
const at = '2026-01-01T00:00:00.000Z';
const people = { roles: { 'lead-1': ['lead'] }, digest: 'sha256:people', mode: 'claimed' as const };
const run = { id: 'phase-1.ab', plan: 'phase-1', planDigest: 'sha256:plan' as const, home: 'app' };
const fresh = initialState(PLAN, { run, requestedBy: 'lead-1', at, people });
const material = { backup: 'b1\u001b[2J' };

function shown(state: RunState, activities: Parameters<typeof renderStatus>[1]['activities'] = []): string {
  return renderStatus(out, { plan: PLAN, state, activities, now: Date.parse(at) + 12_000 }).join('\n');
}

function atGate(): RunState {
  const done = {
    ...fresh,
    steps: fresh.steps.map((s, i) =>
      i < 3 ? { ...s, status: 'done' as const, verdict: 'pass' as const, summary: 'good', ms: 400 } : s,
    ),
  };
  const evidence = { digest: gateDigest(material), material, shown: { rows: '7' } };
  return apply(PLAN, done, { type: 'gate-opened', phase: 'cutover', nonce: 'n1', evidence, at, people });
}

describe('status', () => {
  it('shows the step under way, how long, what it tells and the attempt', () => {
    const running = apply(PLAN, fresh, { type: 'step-started', step: 'preflight/look', at });
    const text = shown(running, [
      {
        type: 'preflight',
        attempt: 2,
        lastFailure: 'server away',
        heartbeat: { doing: 'counts rows', done: 1, total: 4, unit: 'tables' },
      },
    ]);
    expect(text).toContain('UNSIGNED');
    expect(text).toContain('Now: preflight/look, for 12s');
    expect(text).toContain('counts rows, 1/4 tables (25%); attempt 2, after: server away');
  });

  it('counts how long an undo has lasted from its own beginning, and so a further round', () => {
    const step = 'preflight/look';
    const later = (s: number): string => new Date(Date.parse(at) + s * 1_000).toISOString();
    const started = apply(PLAN, fresh, { type: 'step-started', step, at });
    const undoing = apply(PLAN, started, { type: 'undo-started', step, at: later(10) });
    expect(shown(undoing)).toContain('Undoing: preflight/look, for 2s');
    const failure = { type: 'Unexpected' as const, message: 'no' };
    const failed = apply(PLAN, started, { type: 'step-failed', step, failure, at: later(3) });
    const again = apply(PLAN, failed, { type: 'retried', by: 'lead-1', comment: '', at: later(9) });
    const round2 = apply(PLAN, again, { type: 'step-started', step, at: later(9) });
    expect(shown(round2)).toContain('Now: preflight/look, for 3s, round 2');
  });

  it('says in words what is done between two steps', () => {
    const text = shown({ ...fresh, status: 'running' }, [{ type: 'facts', attempt: 1 }]);
    expect(text).toContain('Now: takes the facts for the gate');
  });

  it('names who is awaited at a gate and the commands that decide', () => {
    const state = atGate();
    const text = shown(state);
    expect(text).toContain('waits for 1 × lead (lead-1)');
    expect(text).toContain('cutover approve cutover --plan phase-1');
    expect(text).toContain(`--evidence ${gateDigest(material)} --yes`);
    expect(isAwaiting(state)).toBe(true);
    expect(statusLine({ plan: PLAN, state, activities: [], now: 0 }).head).toContain('Gate before cutover: waits for');
  });

  it('says why a run is parked and what can be done', () => {
    const failure = { type: 'Blocked' as const, message: 'pid 7 has been idle in transaction for 3 h' };
    const started = apply(PLAN, fresh, { type: 'step-started', step: 'preflight/look', at });
    const text = shown(apply(PLAN, started, { type: 'step-failed', step: 'preflight/look', at, failure }));
    expect(text).toContain('Parked since');
    expect(text).toContain('pid 7 has been idle');
    expect(text).toContain('cutover retry --plan phase-1');
    expect(text).toContain('cutover rollback --plan phase-1');
  });

  it('says of a run whose workflow is gone how to go on and how to let go', () => {
    const started = apply(PLAN, fresh, { type: 'step-started', step: 'preflight/look', at });
    const input = { plan: PLAN, state: started, activities: [], now: 0, execution: 'TERMINATED' };
    const text = renderStatus(out, input).join('\n');
    expect(text).toContain('The workflow is terminated');
    expect(text).toContain('cutover adopt --plan phase-1');
    expect(text).toContain('cutover release --plan phase-1');
    expect(text).not.toContain('Now:');
    expect(statusLine(input).head).toContain('adopt or release');
  });

  it('says why a run was aborted, and that the target is still claimed', () => {
    const text = shown(apply(PLAN, fresh, { type: 'aborted', by: 'lead-1', comment: 'postponed', at }));
    expect(text).toContain('aborted: lead-1 aborted it: postponed');
    expect(text).toContain('The target is still claimed');
  });

  it('shows a vote for a rollback, and who is still wanting', () => {
    const started = apply(PLAN, fresh, { type: 'step-started', step: 'cutover/freeze', at });
    const vote = {
      ...{ gate: 'rollback', nonce: '', evidenceDigest: 'sha256:plan', decision: 'approve' as const, at },
      ...{ approver: 'sre-1', roles: ['sre'], comment: '', via: 'update' as const },
    };
    expect(shown(apply(PLAN, started, { type: 'rollback-vote', vote }))).toContain(
      'A rollback is asked for by sre-1; it still wants 1 × lead.',
    );
  });

  it('shows what waits for a tick, and what may be ticked already', () => {
    const byHand = (id: string, phase: string) => ({
      ...{ id, phase, kind: 'manual', target: 'app', title: id },
      args: { what: 'tell support', role: 'lead' },
    });
    const steps = [byHand('preflight/manual-1', 'preflight'), byHand('validate/manual-1', 'validate')];
    const plan = { ...PLAN, gates: {}, steps } as unknown as typeof PLAN;
    const state = initialState(plan, { run, requestedBy: 'lead-1', at, people });
    const text = renderStatus(out, { plan, state, activities: [], now: 0 }).join('\n');
    expect(text).toContain('preflight/manual-1 waits for 1 × lead (lead-1): tell support');
    expect(text).toContain('cutover tick preflight/manual-1 --plan phase-1');
    expect(text).toMatch(/already now:\n {2}validate\/manual-1 {2}lead {2}tell support/);
  });

  it('lists the messages that did not count', () => {
    const state = apply(PLAN, fresh, {
      type: 'not-counted',
      entry: { gate: 'cutover', approver: 'mallory', reason: 'is not in the people file', at },
    });
    expect(shown(state)).toContain('mallory: is not in the people file');
  });
});

describe('a gate', () => {
  it('shows what it allows, what the decision is bound to, and the verdicts that led here', () => {
    const state = atGate();
    const gate = state.gates[0];
    const text = gate ? renderGate(out, PLAN, state, gate).join('\n') : '';
    expect(text).toContain('Title of cutover/freeze');
    expect(text).toContain('Asked for: 1 × lead');
    expect(text).toContain(gateDigest(material));
    expect(text).toMatch(/expand\/key-users\s+pass\s+good/);
  });
});
