import { temporalFor } from '../../src/dev/servers';
import type { Bench } from './row';

const opened = new WeakMap<Bench, Promise<string>>();

/** Address of the Temporal server of this run of the benchmark; started at the first call. */
export function openTemporal(bench: Bench): Promise<string> {
  const known = opened.get(bench) ?? temporalFor(bench.runDir, bench.progress).then(({ address }) => address);
  opened.set(bench, known);
  return known;
}
