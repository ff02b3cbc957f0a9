import type { PgStepHandler } from '../../activities/postgres/context';
import { indexStep } from '../../activities/postgres/steps/index-concurrently';
import { keyStep } from '../../activities/postgres/steps/key';
import { membersStep } from '../../activities/postgres/steps/members';
import { queryStep } from '../../activities/postgres/steps/query';
import { recountStep } from '../../activities/postgres/steps/recount';
import { referenceStep } from '../../activities/postgres/steps/reference';
import { registryStep } from '../../activities/postgres/steps/registry';
import { requiredStep } from '../../activities/postgres/steps/required';
import { retireStep } from '../../activities/postgres/steps/retire';
import { shapeStep } from '../../activities/postgres/steps/shape';
import { stampStep } from '../../activities/postgres/steps/stamp';
import { statementsStep } from '../../activities/postgres/steps/statements';
import { tableStep } from '../../activities/postgres/steps/table';
import type { Step, StepKind } from '../../src/core/step';
import type { StepToRun } from './pg-run';

const HANDLERS = {
  table: tableStep,
  registry: registryStep,
  key: keyStep,
  reference: referenceStep,
  index: indexStep,
  statements: statementsStep,
  stamp: stampStep,
  members: membersStep,
  required: requiredStep,
  query: queryStep,
  recount: recountStep,
  shape: shapeStep,
  retire: retireStep,
} satisfies { [K in StepKind]?: PgStepHandler<K> };

export type SchemaKind = keyof typeof HANDLERS;
export type SchemaStep = Extract<Step, { kind: SchemaKind }>;

/** The steps of these kinds touch schema and rows of one database and need nothing else of a worker. */
export function isSchemaStep(step: Step): step is SchemaStep {
  return Object.hasOwn(HANDLERS, step.kind);
}

/** A step of a compiled plan with its handler. */
export function toRun(step: SchemaStep): StepToRun<SchemaKind> {
  return { ...step, handler: HANDLERS[step.kind] as unknown as PgStepHandler<SchemaKind> };
}
