import { requirementText } from './gate';
import type { OperateVerb } from './operate-message';
import type { CompiledPlan } from './plan';
import { refusesRollback, rollbackWanting } from './rollback';
import { refusesSkip, skipQuorum, skipVote, skipWanting } from './skip';
import { stepState, type RunState } from './state';

/** A word that would be followed now, the command that says it, and who must say it where one person is not enough. */
export interface PossibleWord {
  readonly word: OperateVerb;
  readonly command: string;
  readonly wants?: string;
}

/**
 * What can be said to a run that stands still. Asked anew every time it is shown: what was possible when it parked may
 * not be so now (a rollback past the point of no return, a skip of what later steps stand on).
 */
export function possibleWords(plan: CompiledPlan, state: RunState): readonly PossibleWord[] {
  const { hold } = state;
  if (!hold || state.endedAt !== undefined) return [];
  const say = (word: OperateVerb, more = '', wants?: string): PossibleWord => ({
    word,
    command: `cutover ${word} --plan ${state.run.plan} --as <your name>${more}`,
    ...(wants === undefined ? {} : { wants }),
  });
  const skip = { verb: 'skip' as const, as: '', comment: 'why' };
  return [
    hold.kind === 'paused' ? say('resume') : say('retry'),
    ...(refusesSkip(plan, state, skip) === undefined ? [say('skip', ' --comment <why>', skipNeeds(plan, state))] : []),
    ...(refusesRollback(plan, state) === undefined ? [say('rollback', '', rollbackWanting(plan, state))] : []),
    say('abort'),
  ];
}

/** Without a vote so far the whole quorum is wanting. */
function skipNeeds(plan: CompiledPlan, state: RunState): string | undefined {
  const { id, round } = stepState(state, state.hold?.step ?? '');
  const voted = state.skipVotes.some((v) => v.gate === skipVote(id, round));
  const quorum = skipQuorum(plan, state);
  return voted || quorum.length === 0 ? skipWanting(plan, state) : requirementText(quorum);
}
