import { targetOf } from '../target-of';
import { setTimeout as delay } from 'node:timers/promises';
import { clip } from '../../src/core/evidence';
import { httpGet, NoAnswer } from '../http';
import { plainText } from '../plain-text';
import type { Resources, ServiceTarget } from '../resources';

export interface Health {
  readonly healthy: boolean;
  /** What it answered, for people. */
  readonly said: string;
}

/** One question: does this service say that it is well, and that it is this build? */
export async function askHealth(
  resources: Resources,
  service: ServiceTarget,
  build: string,
  { signal, timeoutMs }: { readonly signal: AbortSignal; readonly timeoutMs: number },
): Promise<Health> {
  const { target, path } = service.health;
  try {
    const { status, body } = await httpGet(targetOf(resources, target, 'http'), { path, timeoutMs, signal });
    const said = resources.redact(clip(plainText(body).replaceAll('\n', ' '), 160));
    return { healthy: status === 200 && names(body, build), said: `status ${status}, ${said}` };
  } catch (error) {
    if (error instanceof NoAnswer) return { healthy: false, said: error.message };
    throw error;
  }
}

export interface HealthWait {
  readonly build: string;
  readonly signal: AbortSignal;
  /** Milliseconds of `performance.now()`. */
  readonly until: number;
}

/** Asks until it is healthy or the time is over; whoever is restarted on another machine sends no event. */
export async function waitHealthy(resources: Resources, service: ServiceTarget, wait: HealthWait): Promise<Health> {
  for (;;) {
    const left = wait.until - performance.now();
    const timeoutMs = Math.max(100, Math.min(ASK_MS, Math.ceil(left)));
    const health = await askHealth(resources, service, wait.build, { signal: wait.signal, timeoutMs });
    if (health.healthy || performance.now() + EVERY_MS > wait.until) return health;
    await delay(EVERY_MS, undefined, { signal: wait.signal });
  }
}

/** The whole name: an answer of `build-10` is none of `build-1`. */
function names(body: string, build: string): boolean {
  const literal = build.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`(?<![A-Za-z0-9._-])${literal}(?![A-Za-z0-9_-]|\\.[A-Za-z0-9])`).test(body);
}

const EVERY_MS = 200;
const ASK_MS = 5_000;
