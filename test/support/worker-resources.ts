import pino from 'pino';
import type { VerbContext } from '../../activities/context';
import type { Commands, Resources, Target, Webhook } from '../../activities/resources';
import { CutoverError } from '../../src/core/failure';
import { digestOfText, type Json } from '../../src/core/json';
import type { StepArgs, StepKind } from '../../src/core/step';
import type { RunRef } from '../../src/core/verb';
import { redact, rememberSecret } from '../../src/runtime/redact';

export interface WorkerParts {
  readonly targets?: readonly Target[];
  readonly webhooks?: readonly Webhook[];
  readonly commands?: Partial<Commands>;
}

/** A worker's config in memory; what it redacts is redacted by the real thing. */
export function workerResources({ targets = [], webhooks = [], commands = {} }: WorkerParts): Resources {
  const find = <T extends { readonly name: string }>(all: readonly T[], name: string): T => {
    const found = all.find((one) => one.name === name);
    if (found) return found;
    throw new CutoverError('Misconfigured', `no ${name}`);
  };
  return {
    log: pino({ level: 'silent' }),
    targetNames: targets.map(({ name }) => name),
    target: (name) => find(targets, name),
    store: (name) => ({ name, dir: '/nowhere' }),
    webhook: (name) => find(webhooks, name),
    commands: { allow: [], env: [], hosts: {}, ...commands },
    people: async () => ({ roles: {}, digest: digestOfText('people'), mode: 'claimed' }),
    redact,
    rememberSecret,
    allow: { unsignedInProduction: false },
  };
}

export const SOME_RUN: RunRef = {
  id: 'some-plan.0123abcd',
  plan: 'some-plan',
  planDigest: digestOfText('plan'),
  home: 'app',
};

export interface SharedContextOptions<K extends StepKind> {
  readonly kind: K;
  readonly args: StepArgs[K];
  readonly target?: string;
  readonly captures?: Map<string, Json>;
  readonly signal?: AbortSignal;
}

/** What a step that touches no database sees of its verb. Two contexts with the same captures are two attempts. */
export function sharedContext<K extends StepKind>(options: SharedContextOptions<K>): VerbContext<K> {
  const { kind, args, target = 'app', captures = new Map<string, Json>() } = options;
  const id = `configure/${kind}`;
  return {
    run: SOME_RUN,
    step: { id, kind, phase: 'configure', target, args, title: id },
    args,
    verb: 'do',
    round: 1,
    attempt: 1,
    log: pino({ level: 'silent' }),
    signal: options.signal ?? new AbortController().signal,
    progress: () => undefined,
    capture: async <T extends Json>(name: string, take: () => Promise<T>): Promise<T> => {
      const known = captures.get(name);
      if (known !== undefined) return known as T;
      const value = await take();
      captures.set(name, value);
      return value;
    },
    captured: async () => {
      throw new CutoverError('Refused', 'nothing captured');
    },
  };
}
