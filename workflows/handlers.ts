import { ApplicationFailure, CancellationScope, setHandler } from '@temporalio/workflow';
import type { Decision } from '../src/core/decision';
import { judgeDecision, settle, missing, requirementText } from '../src/core/gate';
import { type Answer, type OperateMessage } from '../src/core/operate-message';
import { refusesWord } from '../src/core/operate';
import { parseDecision, parseOperate } from '../src/core/parse-message';
import { extendVote, extendWanting, gateToExtend } from '../src/core/extend';
import { rolesOf } from '../src/core/people';
import { rollbackWanting } from '../src/core/rollback';
import { skipVote, skipWanting } from '../src/core/skip';
import { stepState } from '../src/core/state';
import { decideSignal, decideUpdate, operateSignal, operateUpdate, planQuery, statusQuery } from './messages';
import type { Run } from './run';

type Via = Decision['via'];

/**
 * Set before the first await, so that no message can come too early. Validators are synchronous: the SDK drops an
 * async one's promise and would accept everything. Handlers throw nothing but ApplicationFailure.
 */
export function answerMessages(run: Run): void {
  setHandler(statusQuery, () => run.state, { description: 'The whole state of the run' });
  setHandler(planQuery, () => run.plan, { description: 'The compiled plan' });
  setHandler(decideUpdate, (value) => decide(run, value, 'update'), {
    validator: (value) => refuseUnless(decisionProblem(run, value)),
    description:
      'Approve or reject the open gate: {gate, nonce, planDigest, evidenceDigest, decision, approver, comment}',
  });
  setHandler(decideSignal, (value) => void decide(run, value, 'signal'), {
    description: 'The same message as the Update; one that does not count is recorded and ignored',
  });
  setHandler(operateUpdate, (value) => operate(run, value, 'update'), {
    validator: (value) => refuseUnless(operateProblem(run, value)),
    description: 'pause, resume, retry, skip, tick, extend, rollback or abort: {verb, as, comment, planDigest, until}',
  });
  setHandler(operateSignal, (value) => void operate(run, value, 'signal'), {
    description: 'The same message as the Update; one that does not count is recorded and ignored',
  });
  parkOnCancel(run);
}

function refuseUnless(problem: string | undefined): void {
  if (problem) throw ApplicationFailure.create({ message: problem, type: 'MessageRefused', nonRetryable: true });
}

function decisionProblem(run: Run, value: unknown): string | undefined {
  const parsed = parseDecision(value);
  if (!parsed.ok) return parsed.reason;
  const judgement = judgeDecision(run.plan, run.state, parsed.message, run.now());
  return judgement.counts ? undefined : judgement.reason;
}

function decide(run: Run, value: unknown, via: Via): Answer {
  const parsed = parseDecision(value);
  const judgement = parsed.ok ? judgeDecision(run.plan, run.state, parsed.message, run.now()) : undefined;
  if (!parsed.ok || !judgement?.counts) {
    const reason = parsed.ok ? (judgement?.counts === false ? judgement.reason : '') : parsed.reason;
    return ignore(run, value, reason);
  }
  const { gate, nonce, evidenceDigest, decision, approver, comment = '' } = parsed.message;
  const made: Decision = {
    gate,
    nonce,
    evidenceDigest,
    decision,
    approver,
    comment,
    via,
    roles: judgement.roles,
    at: run.now(),
  };
  const before = run.state.gates.find((g) => g.phase === gate)?.decisions ?? [];
  const spec = run.plan.gates[gate as keyof typeof run.plan.gates];
  if (!spec) return ignore(run, value, `The plan has no gate "${gate}".`);
  const decisions = [...before.filter((d) => d.approver !== approver), made];
  const settles = settle(spec, decisions, run.state.people);
  run.dispatch({ type: 'decided', decision: made, settles });
  const wanting = missing(spec.require, decisions, run.state.people);
  const outcome =
    settles === 'open' ? `gate ${gate} still waits for ${requirementText(wanting)}` : `gate ${gate} is ${settles}`;
  return { counted: true, message: `${approver}: ${decision} counted; ${outcome}.` };
}

function operateProblem(run: Run, value: unknown): string | undefined {
  const parsed = parseOperate(value);
  return parsed.ok ? refusesWord(run.plan, run.state, parsed.message, run.now()) : parsed.reason;
}

function operate(run: Run, value: unknown, via: Via): Answer {
  const parsed = parseOperate(value);
  if (!parsed.ok) return ignore(run, value, parsed.reason);
  const problem = refusesWord(run.plan, run.state, parsed.message, run.now());
  return problem ? ignore(run, value, problem) : follow(run, parsed.message, via);
}

function follow(run: Run, message: OperateMessage, via: Via): Answer {
  const at = run.now();
  const { as: by, comment = '' } = message;
  switch (message.verb) {
    case 'pause':
      run.dispatch({
        type: 'held',
        hold: {
          kind: 'paused',
          reason: `${by} asked for a pause${comment ? `: ${comment}` : ''}.`,
          at,
          options: ['resume', 'rollback', 'abort'],
        },
      });
      if (run.state.phase === 'observe') run.interrupt();
      return { counted: true, message: 'The run pauses at the next safe point.' };
    case 'resume':
      run.dispatch({ type: 'resumed', by, at });
      return { counted: true, message: 'The run goes on.' };
    case 'retry':
      run.dispatch({ type: 'retried', by, comment, at });
      return { counted: true, message: 'The run tries again.' };
    case 'abort':
      run.dispatch({ type: 'aborted', by, comment, at });
      run.interrupt();
      return {
        counted: true,
        message:
          'The run ends as aborted; it keeps its claim on the target until `cutover release` or `cutover adopt`.',
      };
    case 'skip':
      return voteSkip(run, message, via, at);
    case 'tick':
      run.dispatch({ type: 'ticked', step: message.step ?? '', tick: { by, proof: comment, at } });
      return { counted: true, message: `${message.step ?? ''} is ticked by ${by}.` };
    case 'extend':
      return voteExtend(run, message, via, at);
    case 'rollback':
      return voteRollback(run, message, via, at);
  }
}

function voteRollback(run: Run, message: OperateMessage, via: Via, at: string): Answer {
  const { as: approver, comment = '' } = message;
  const roles = rolesOf(run.state.people, approver);
  const evidenceDigest = run.state.run.planDigest;
  run.dispatch({
    type: 'rollback-vote',
    vote: { gate: 'rollback', nonce: '', evidenceDigest, decision: 'approve', approver, roles, comment, via, at },
  });
  const wanting = rollbackWanting(run.plan, run.state);
  if (wanting) return { counted: true, message: `${approver} asks for a rollback; it still wants ${wanting}.` };
  const askers = run.state.rollbackVotes.map((v) => v.approver).join(' and ');
  run.dispatch({ type: 'rollback-begun', reason: `${askers} asked for it${comment ? `: ${comment}` : ''}`, at });
  run.interrupt();
  return { counted: true, message: 'The run rolls back, newest step first.' };
}

function voteSkip(run: Run, message: OperateMessage, via: Via, at: string): Answer {
  const { as: approver, comment = '' } = message;
  const step = run.state.hold?.step ?? '';
  const { round } = stepState(run.state, step);
  const roles = rolesOf(run.state.people, approver);
  const evidenceDigest = run.state.run.planDigest;
  run.dispatch({
    type: 'skip-vote',
    vote: {
      gate: skipVote(step, round),
      nonce: '',
      evidenceDigest,
      decision: 'approve',
      approver,
      roles,
      comment,
      via,
      at,
    },
  });
  const wanting = skipWanting(run.plan, run.state);
  if (wanting) return { counted: true, message: `${approver} asks to skip ${step}; it still wants ${wanting}.` };
  run.dispatch({
    type: 'skipped',
    step,
    by: run.state.skipVotes.map((v) => v.approver).join(' and '),
    reason: comment,
    at,
  });
  return { counted: true, message: `${step} is skipped; the next gate shows it.` };
}

function voteExtend(run: Run, message: OperateMessage, via: Via, at: string): Answer {
  const { as: approver, comment = '', until = '' } = message;
  const gate = gateToExtend(run.state);
  if (!gate) return ignore(run, message, 'No gate is open that has a deadline.');
  const roles = rolesOf(run.state.people, approver);
  const evidenceDigest = run.state.run.planDigest;
  const vote = { nonce: '', evidenceDigest, decision: 'approve' as const, approver, roles, comment, via, at };
  run.dispatch({ type: 'extend-vote', vote: { ...vote, gate: extendVote(gate, until) } });
  const wanting = extendWanting(run.plan, run.state, until);
  const { phase } = gate;
  if (wanting)
    return { counted: true, message: `${approver} asks for time until ${until}; it still wants ${wanting}.` };
  const asked = (run.state.extendVotes ?? []).filter((v) => v.gate === extendVote(gate, until));
  const by = asked.map((v) => v.approver).join(' and ');
  run.dispatch({ type: 'gate-extended', phase, deadline: until, by, reason: comment, at });
  return { counted: true, message: `Gate ${phase} waits until ${until}.` };
}

function ignore(run: Run, value: unknown, reason: string): Answer {
  const text = (name: string): string => {
    const found = value !== null && typeof value === 'object' ? (value as Record<string, unknown>)[name] : undefined;
    return typeof found === 'string' ? found.slice(0, 100) : '';
  };
  run.dispatch({
    type: 'not-counted',
    entry: { gate: text('gate') || text('verb'), approver: text('approver') || text('as'), reason, at: run.now() },
  });
  return { counted: false, message: reason };
}

/** A cancel from the Temporal UI says neither rollback nor abort: it parks, so that a person can say which. */
function parkOnCancel(run: Run): void {
  CancellationScope.current().cancelRequested.catch(() => {
    if (run.state.hold === undefined && run.state.endedAt === undefined) {
      run.dispatch({
        type: 'held',
        hold: {
          kind: 'parked',
          reason: 'Somebody asked Temporal to cancel the workflow, which says neither rollback nor abort.',
          at: run.now(),
          options: ['retry', 'rollback', 'abort'],
        },
      });
    }
  });
}
