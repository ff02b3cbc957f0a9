import pino from 'pino';
import type { PgContext, PgSession } from '../../activities/postgres/context';
import { sessionAs } from './backup-session';
import type { PostgresTarget, Resources, Target } from '../../activities/resources';
import { CutoverError } from '../../src/core/failure';
import { digestOfText, type Json } from '../../src/core/json';
import type { StepArgs, StepKind } from '../../src/core/step';
import type { RunRef } from '../../src/core/verb';

/** A worker's config in memory. */
export function resourcesOf(input: {
  readonly targets: readonly Target[];
  readonly storeDir: string;
  readonly bin?: string;
}): Resources {
  const byName = new Map(input.targets.map((target) => [target.name, target]));
  return {
    log: pino({ level: 'silent' }),
    target: (name) => {
      const target = byName.get(name);
      if (!target) throw new CutoverError('Misconfigured', `no target ${name}`);
      return target;
    },
    targetNames: [...byName.keys()],
    store: (name) => ({ name, dir: input.storeDir }),
    people: async () => ({ roles: { 'dba-1': ['dba'] }, digest: digestOfText('people'), mode: 'claimed' }),
    webhook: (name) => {
      throw new CutoverError('Misconfigured', `no webhook ${name}`);
    },
    commands: { allow: [], env: [], hosts: {} },
    redact: (text) => text,
    rememberSecret: () => undefined,
    allow: { unsignedInProduction: false },
    ...(input.bin ? { postgresBin: input.bin } : {}),
  };
}

export const RUN: RunRef = {
  id: 'test-plan.0123abcd',
  plan: 'test-plan',
  planDigest: digestOfText('plan'),
  home: 'app',
};

/** What a run captured: shared by the contexts of its steps, write-once. */
export class Captures {
  readonly values = new Map<string, Json>();

  read(step: string, name: string): Json {
    const value = this.values.get(`${step}\n${name}`);
    if (value === undefined) throw new CutoverError('Refused', `Step ${step} captured no "${name}".`);
    return value;
  }
}

export interface TestContextOptions<K extends StepKind> {
  readonly kind: K;
  readonly id: string;
  readonly args: StepArgs[K];
  readonly home: PostgresTarget;
  readonly captures: Captures;
  readonly run?: RunRef;
  readonly signal?: AbortSignal;
}

/** The slice of a verb's context that preflight, backup and drill use, on a real database. */
export function testContext<K extends StepKind>(options: TestContextOptions<K>): PgContext<K> {
  const { kind, id, args, home, captures, run = RUN } = options;
  const within = <T>(work: (session: PgSession) => Promise<T>, asApp = false): Promise<T> =>
    sessionAs(home, asApp, work);
  return {
    run,
    step: { id, kind, phase: kind === 'preflight' ? 'preflight' : 'backup', target: home.name, args, title: id },
    args,
    verb: 'do',
    round: 1,
    attempt: 1,
    log: pino({ level: 'silent' }),
    signal: options.signal ?? new AbortController().signal,
    progress: () => undefined,
    capture: async <T extends Json>(name: string, take: () => Promise<T>): Promise<T> => {
      const key = `${id}\n${name}`;
      const known = captures.values.get(key);
      if (known !== undefined) return known as T;
      const value = await take();
      captures.values.set(key, value);
      return value;
    },
    captured: async <T extends Json>({ step, name }: { readonly step: string; readonly name: string }): Promise<T> =>
      captures.read(step, name) as T,
    commit: (work) => within(work),
    transaction: (work) => within(work),
    outside: (work) => within(work),
    read: (work, as) => within(work, as === 'app'),
    sqlMs: () => 0,
  };
}
