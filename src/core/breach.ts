import type { Verdict } from './evidence';

/** The newest verdicts of one probe, oldest first; inconclusive ones are never among them. */
export type Window = readonly ('pass' | 'fail')[];

/** A question without an answer says nothing about the application: it does not count, neither way. */
export function observe(window: Window, verdict: Verdict, of: number): Window {
  return verdict === 'inconclusive' ? window : [...window, verdict].slice(-of);
}

export function breached(window: Window, failures: number): boolean {
  return window.filter((v) => v === 'fail').length >= failures;
}
