import { clip, type Verdict } from '../../src/core/evidence';
import type { Probe } from '../../src/core/observe-args';
import { httpGet, NoAnswer } from '../http';
import type { Resources } from '../resources';
import { targetOf } from '../target-of';

/** One answer of one probe. A server that cannot be reached gives none: inconclusive, which never counts. */
export interface Answer {
  readonly verdict: Verdict;
  readonly observed: string;
}

/** An application that does not answer as one should fails; it is what the probe asks for. */
export async function askHttp(
  resources: Resources,
  signal: AbortSignal,
  probe: Extract<Probe, { kind: 'http' }>,
): Promise<Answer> {
  const target = targetOf(resources, probe.target, 'http');
  try {
    const { status, body } = await httpGet(target, {
      path: probe.path,
      timeoutMs: probe.timeoutMs,
      signal,
      ...(probe.headers ? { headers: probe.headers } : {}),
    });
    const { status: expected, contains, lacks } = probe.expect;
    const fits =
      status === expected &&
      (contains === undefined || body.includes(contains)) &&
      (lacks === undefined || !body.includes(lacks));
    return { verdict: fits ? 'pass' : 'fail', observed: `status ${status}, ${clip(body, 120)}` };
  } catch (error) {
    if (error instanceof NoAnswer) return { verdict: 'fail', observed: error.message };
    throw error;
  }
}
