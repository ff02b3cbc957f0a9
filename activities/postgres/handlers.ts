import type { StepKind } from '../../src/core/step';
import { notHere as refused } from '../not-here';
import type { Resources } from '../resources';
import { createSharedHandlers } from '../shared-handlers';
import type { PgStepHandler } from './context';
import { backupStep } from './steps/backup';
import { compareStep } from './steps/compare';
import { diffStep } from './steps/diff';
import { drillStep } from './steps/drill';
import { exportStep } from './steps/export';
import { freezeStep } from './steps/freeze';
import { indexStep } from './steps/index-concurrently';
import { keyStep } from './steps/key';
import { membersStep } from './steps/members';
import { observeStep } from './steps/observe';
import { preflightStep } from './steps/preflight';
import { queryStep } from './steps/query';
import { recountStep } from './steps/recount';
import { redoStep } from './steps/redo';
import { referenceStep } from './steps/reference';
import { registryStep } from './steps/registry';
import { letGo, releaseStep } from './steps/release';
import { requiredStep } from './steps/required';
import { retireStep } from './steps/retire';
import { shapeStep } from './steps/shape';
import { stampStep } from './steps/stamp';
import { statementsStep } from './steps/statements';
import { tableStep } from './steps/table';

export type PgHandlers = { readonly [K in StepKind]: PgStepHandler<K> };

/** Every kind of step has a handler here, or the compiler says which one has not. */
export function createHandlers(resources: Resources): PgHandlers {
  return {
    ...createSharedHandlers(resources),
    preflight: {
      ...preflightStep(resources),
      undo: (context) => letGo(context, `released target ${context.run.home}`),
    },
    backup: backupStep(resources),
    drill: drillStep(resources),
    export: exportStep(resources),
    diff: diffStep(resources),
    table: tableStep,
    registry: registryStep,
    key: keyStep,
    reference: referenceStep,
    index: indexStep,
    statements: statementsStep,
    stamp: stampStep,
    redo: redoStep,
    members: membersStep,
    required: requiredStep,
    query: queryStep,
    compare: compareStep,
    recount: recountStep,
    shape: shapeStep,
    freeze: freezeStep,
    observe: observeStep(resources),
    retire: retireStep,
    release: releaseStep,
    aggregate: notHere('aggregate', 'there are no pipelines; use a query step'),
    profiling: notHere('profiling', 'what is slow is compared by watch queries'),
  };
}

function notHere<K extends StepKind>(kind: K, why: string): PgStepHandler<K> {
  return refused({ kind, engine: 'PostgreSQL', why });
}
