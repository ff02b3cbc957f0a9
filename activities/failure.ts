import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { CutoverError, describeError, FAILURES, type FailureType } from '../src/core/failure';
import type { Resources } from './resources';

/** What leaves an activity: a type of the failure table and a redacted sentence. No stack, no detail: servers quote rows there. */
export function applicationFailure(
  resources: Resources,
  error: unknown,
  type: FailureType,
  { last = false }: { readonly last?: boolean } = {},
): ApplicationFailure {
  const failure = ApplicationFailure.create({
    type,
    message: resources.redact(describeError(error)),
    nonRetryable: last || !FAILURES[type].retry,
  });
  // The SDK would put the stack, with the worker's paths, into the history.
  failure.stack = `${failure.name}: ${failure.message}`;
  return failure;
}

export function isCancelled(error: unknown): error is CancelledFailure {
  return error instanceof CancelledFailure;
}

/** Of an error that no database speaks of: the product's own say their type, the rest nobody foresaw. */
export function failureTypeOf(error: unknown): FailureType {
  return error instanceof CutoverError ? error.type : 'Unexpected';
}
