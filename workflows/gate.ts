import { condition, proxyActivities, uuid4 } from '@temporalio/workflow';
import type { Activities } from '../activities/activities';
import { awaited, impossible } from '../src/core/gate';
import { changedFields, gateEvidence } from '../src/core/gate-evidence';
import { nextWake } from '../src/core/reminders';
import { untilOpen } from '../src/core/window';
import type { People } from '../src/core/people';
import type { Phase } from '../src/core/phase';
import type { GateSpec } from '../src/core/plan';
import { gateState, type GateEvidence, type GateState } from '../src/core/state';
import type { FactsInput } from '../src/core/verb';
import { failureOf } from './failure-of';
import type { Run } from './run';

/** Takes the facts and puts the question: from here on people decide on exactly this evidence. */
export async function openGate(run: Run, phase: Phase): Promise<void> {
  const taken = await takeEvidence(run, phase);
  if (!taken) return;
  const spec = specOf(run, phase);
  const at = run.now();
  const deadline = spec.expiresMs === undefined ? undefined : new Date(Date.parse(at) + spec.expiresMs).toISOString();
  run.dispatch({ type: 'gate-opened', phase, nonce: uuid4(), at, ...taken, ...(deadline ? { deadline } : {}) });
}

/** Waits for the people. The deadline is a decision too: the plan says which. */
export async function awaitDecision(run: Run, phase: Phase): Promise<void> {
  const gate = openGateState(run, phase);
  const spec = specOf(run, phase);
  const settled = (): boolean => {
    const now = gateState(run.state, phase);
    const same = now?.status === 'open' && now.nonce === gate.nonce && now.deadline === gate.deadline;
    return !same || turned(run) || run.isLong();
  };
  if (gate.deadline === undefined) return condition(settled);
  const { openedAt = run.now(), extendedAt = openedAt, deadline, reminded = 0 } = gate;
  const wake = nextWake({ openedAt: extendedAt, deadline, reminded });
  const left = wake.at - Date.parse(run.now());
  const wanted = awaited(spec, gate.decisions, run.state.people);
  const summary = `gate ${phase}: ${wake.why} ${wanted} until ${deadline}`;
  if (left > 0 && (await condition(settled, left, { summary: summary.slice(0, 190) }))) return;
  const text = `Gate before ${phase} still waits for ${wanted} until ${deadline}.`;
  if (wake.why === 'expire') expire(run, phase, spec);
  else run.dispatch({ type: 'gate-reminded', phase, at: run.now(), text });
}

/** What was approved must still be so when the phase starts; if not, the gate names the field and asks again. */
export async function confirmGate(run: Run, phase: Phase): Promise<void> {
  if (!(await windowOpens(run, phase))) return;
  const approved = gateState(run.state, phase)?.evidence;
  const taken = await takeEvidence(run, phase);
  if (!taken || !approved) return;
  run.dispatch({ type: 'people-read', people: taken.people });
  const changes = changedFields(approved, taken.evidence);
  if (changes.length === 0) run.dispatch({ type: 'gate-passed', phase, at: run.now() });
  else run.dispatch({ type: 'gate-reopened', phase, why: changes.join('; '), at: run.now() });
}

/** Waits for the gate's window, if it has one. False when something turned the run meanwhile. */
async function windowOpens(run: Run, phase: Phase): Promise<boolean> {
  const { window } = specOf(run, phase);
  const left = window ? untilOpen(window, Date.parse(run.now())) : 0;
  if (!window || left === 0) return true;
  const until = new Date(Date.parse(run.now()) + left).toISOString();
  run.dispatch({ type: 'gate-waits', phase, until, at: run.now() });
  return !(await condition(() => turned(run) || run.isLong(), left, {
    summary: `${phase} may start from ${window.from} to ${window.to} (${window.tz})`,
  }));
}

/** Somebody paused, aborted, cancelled or turned back. */
function turned({ state }: Run): boolean {
  return state.hold !== undefined || state.direction === 'back' || state.endedAt !== undefined;
}

interface Taken {
  readonly evidence: GateEvidence;
  readonly people: People;
}

/** Undefined when they cannot be taken (the run is parked), or when a word came meanwhile: then they are nobody's question. */
async function takeEvidence(run: Run, phase: Phase): Promise<Taken | undefined> {
  const activities = proxyActivities<Activities>({
    startToCloseTimeout: '2m',
    retry: { initialInterval: run.tuning.retryMs ?? 1_000, maximumAttempts: run.tuning.attempts ?? 5 },
    summary: `facts for the gate before ${phase}`,
  });
  try {
    const people = await activities.people();
    const facts = await activities.facts(factsInput(run, phase));
    if (turned(run)) return undefined;
    const short = impossible(specOf(run, phase), people, run.state.requestedBy);
    if (short) throw new Error(`${short}; add people to the file of the worker, then \`cutover retry\`.`);
    return { people, evidence: gateEvidence(run.plan, { ...run.state, people }, phase, facts) };
  } catch (error) {
    if (turned(run)) return undefined;
    run.dispatch({ type: 'gate-facts-failed', phase, failure: failureOf(error), at: run.now() });
    return undefined;
  }
}

function factsInput(run: Run, phase: Phase): FactsInput {
  const { plan, state } = run;
  const backup = plan.steps.find((s) => s.kind === 'backup');
  const freeze = plan.steps.find((s) => s.kind === 'freeze');
  const maxAge = specOf(run, phase).backupMaxAgeMs;
  return {
    run: state.run,
    phase,
    tables: plan.tables,
    ...(backup ? { backupStep: backup.id } : {}),
    ...(maxAge === undefined ? {} : { backupMaxAgeMs: maxAge }),
    ...(freeze && phase === 'cutover' ? { freeze } : {}),
  };
}

function expire(run: Run, phase: Phase, spec: GateSpec): void {
  const at = run.now();
  run.dispatch({ type: 'gate-expired', phase, at, then: spec.onExpiry });
  if (spec.onExpiry === 'abort')
    run.dispatch({ type: 'aborted', by: 'the plan', comment: `gate ${phase} expired`, at });
  if (spec.onExpiry === 'rollback') run.dispatch({ type: 'rollback-begun', reason: `gate ${phase} expired`, at });
}

function specOf(run: Run, phase: Phase): GateSpec {
  const spec = run.plan.gates[phase];
  if (!spec) throw new Error(`The plan has no gate before ${phase}.`);
  return spec;
}

function openGateState(run: Run, phase: Phase): GateState {
  const gate = gateState(run.state, phase);
  if (!gate) throw new Error(`The run has no gate before ${phase}.`);
  return gate;
}
