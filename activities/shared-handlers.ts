import type { StepKind } from '../src/core/step';
import type { StepHandler } from './context';
import type { Resources } from './resources';
import { commandStep } from './steps/command';
import { configStep } from './steps/config';
import { deployStep } from './steps/deploy';
import { httpStep } from './steps/http';
import { manualStep } from './steps/manual';
import { unconfigStep } from './steps/unconfig';

/** Kinds that touch no database: the same on every home. The attempt writes their end row after they return. */
export type SharedKind = 'command' | 'config' | 'unconfig' | 'deploy' | 'http' | 'manual';

export type SharedHandlers = { readonly [K in SharedKind & StepKind]: StepHandler<K> };

export function createSharedHandlers(resources: Resources): SharedHandlers {
  return {
    command: commandStep(resources),
    config: configStep(resources),
    unconfig: unconfigStep(resources),
    deploy: deployStep(resources),
    http: httpStep(resources),
    manual: manualStep,
  };
}
