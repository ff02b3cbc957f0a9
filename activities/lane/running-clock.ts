/**
 * The database's clock from here on, without asking again: what it said, and what has passed since. Right to within the
 * round trip of the answer.
 */
export function runningClock(said: string): () => string {
  const from = performance.now();
  return () => new Date(Date.parse(said) + (performance.now() - from)).toISOString();
}
