import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { Answer } from '../src/core/operate-message';
import type { CompiledPlan } from '../src/core/plan';
import type { RunState } from '../src/core/state';

/**
 * Decisions and operator's words are Updates, because the sender must learn at once whether they count; a refused one
 * leaves no trace. The Signals carry the same message for the Temporal UI and scripts: nobody is there to be told, so
 * an invalid one is recorded with its reason and ignored. Arguments are `unknown`: whatever arrives is parsed.
 */
export const decideUpdate = defineUpdate<Answer, [unknown]>('decide');
export const decideSignal = defineSignal<[unknown]>('decide');
export const operateUpdate = defineUpdate<Answer, [unknown]>('operate');
export const operateSignal = defineSignal<[unknown]>('operate');
export const statusQuery = defineQuery<RunState>('status');
export const planQuery = defineQuery<CompiledPlan>('plan');
