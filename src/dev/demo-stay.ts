import { print } from './demo-run';

/** For whoever wants to look around. */
export function stayUntilInterrupted(): Promise<never> {
  print('\nEverything stays up until Ctrl-C.');
  return new Promise(() => setInterval(() => undefined, 60_000));
}
