import { MongoServerError } from 'mongodb';
import { describeError } from '../../src/core/failure';
import { codeOf } from './duplicate-key';
import { withoutValues } from './errors';

/** As it may leave the worker: without the values that the server quotes, with the server's name and number of it. */
export function told(error: unknown): unknown {
  const kept = withoutValues(error);
  if (kept instanceof MongoServerError) kept.message = withCode(kept);
  return kept;
}

/** The words of `told`, for sentences that quote them. */
export function wordsOf(error: unknown): string {
  return describeError(told(error));
}

/** As a sentence that another one follows. */
export function sentenceOf(error: unknown): string {
  const words = wordsOf(error);
  return /[.!?]$/.test(words) ? words : `${words}.`;
}

/** The server's sentence alone often does not say what happened. Twice is once. */
function withCode(error: MongoServerError): string {
  const code = codeOf(error);
  const { message, codeName } = error;
  if (code === undefined || message.endsWith(`code ${code})`)) return message;
  return `${message} (${codeName === undefined ? '' : `${codeName}, `}code ${code})`;
}
