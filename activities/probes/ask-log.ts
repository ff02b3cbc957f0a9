import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { Probe } from '../../src/core/observe-args';
import type { VerbContext } from '../context';
import type { Resources } from '../resources';
import { targetOf } from '../target-of';
import type { Answer } from './ask-http';

/** How far a log had come at some moment. */
export type LogMark = { readonly bytes: number; readonly at: string };

type LogProbe = Extract<Probe, { kind: 'log' }>;

export async function markLog(resources: Resources, name: string): Promise<LogMark | undefined> {
  const found = await stat(logPath(resources, name)).catch(() => undefined);
  return found && { bytes: found.size, at: new Date().toISOString() };
}

/**
 * Errors per minute since observing began, against those between preflight and then. A log that has become shorter was
 * rotated: what it said before is gone, and nothing can be said.
 */
export async function askLog(
  resources: Resources,
  context: Pick<VerbContext, 'capture' | 'captured' | 'signal'>,
  probe: LogProbe,
): Promise<Answer> {
  const path = logPath(resources, probe.target);
  const before = await context.captured<LogMark>({ step: probe.baseline, name: `log:${probe.target}` });
  const now = await markLog(resources, probe.target);
  if (!now) return { verdict: 'inconclusive', observed: `the log "${probe.target}" cannot be read` };
  const start = await context.capture<LogMark>(`log:${probe.name}`, () => Promise.resolve(now));
  if (now.bytes < start.bytes || start.bytes < before.bytes)
    return { verdict: 'inconclusive', observed: `the log "${probe.target}" was rotated` };
  const count = (from: number, to: number): Promise<number> =>
    to <= from ? Promise.resolve(0) : countErrors({ path, from, to, errors: probe.errors, signal: context.signal });
  const was = perMinute(await count(before.bytes, start.bytes), before.at, start.at);
  const is = perMinute(await count(start.bytes, now.bytes), start.at, now.at);
  const most = Math.max(1, was) * probe.factor;
  return {
    verdict: is > most ? 'fail' : 'pass',
    observed: `${is.toFixed(1)} errors a minute, ${was.toFixed(1)} before; at most ${most.toFixed(1)}`,
  };
}

/** Over at least a minute: one error in the first second is no rate. */
function perMinute(errors: number, from: string, to: string): number {
  return errors / Math.max(1, (Date.parse(to) - Date.parse(from)) / 60_000);
}

async function countErrors(part: {
  readonly path: string;
  readonly from: number;
  readonly to: number;
  readonly errors: readonly string[];
  readonly signal: AbortSignal;
}): Promise<number> {
  const input = createReadStream(part.path, { start: part.from, end: part.to - 1, signal: part.signal });
  let found = 0;
  for await (const line of createInterface({ input, crlfDelay: Infinity }))
    if (part.errors.some((text) => line.includes(text))) found += 1;
  return found;
}

export function logPath(resources: Resources, name: string): string {
  return targetOf(resources, name, 'log').path;
}
