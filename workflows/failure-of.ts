import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/workflow';
import { clip } from '../src/core/evidence';
import { describeError, isFailureType, type Failure } from '../src/core/failure';

/** What a failed activity says, in the words of the failure table. */
export function failureOf(error: unknown): Failure {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof ApplicationFailure) {
    const type = isFailureType(cause.type) ? cause.type : 'Unexpected';
    return { type, message: clip(cause.message, 1_500) };
  }
  if (cause instanceof TimeoutFailure) {
    return {
      type: 'Unavailable',
      message: `No worker finished it in time (${cause.timeoutType}); is one running, and can it reach the target?`,
    };
  }
  return { type: 'Unexpected', message: clip(describeError(cause), 1_500) };
}
