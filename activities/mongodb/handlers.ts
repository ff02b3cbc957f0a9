import type { StepKind } from '../../src/core/step';
import { notHere as refused } from '../not-here';
import type { Resources } from '../resources';
import { createSharedHandlers } from '../shared-handlers';
import type { MongoStepHandler } from './context';
import { aggregateStep } from './steps/aggregate';
import { backupStep } from './steps/backup';
import { diffStep } from './steps/diff';
import { drillStep } from './steps/drill';
import { exportStep } from './steps/export';
import { freezeStep } from './steps/freeze';
import { indexStep } from './steps/index-build';
import { membersStep } from './steps/members';
import { observeStep } from './steps/observe';
import { preflightStep } from './steps/preflight';
import { profilingStep } from './steps/profiling';
import { recountStep } from './steps/recount';
import { registryStep } from './steps/registry';
import { letGo, releaseStep } from './steps/release';
import { requiredStep } from './steps/required';
import { retireStep } from './steps/retire';
import { shapeStep } from './steps/shape';
import { stampStep } from './steps/stamp';
import { tableStep } from './steps/table';

export type MongoHandlers = { readonly [K in StepKind]: MongoStepHandler<K> };

/** Every kind of step has a handler here, or the compiler says which one has not. */
export function createHandlers(resources: Resources): MongoHandlers {
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
    index: indexStep,
    stamp: stampStep,
    members: membersStep,
    required: requiredStep,
    aggregate: aggregateStep,
    recount: recountStep,
    shape: shapeStep,
    profiling: profilingStep(resources),
    freeze: freezeStep(resources),
    observe: observeStep(resources),
    retire: retireStep,
    release: releaseStep,
    key: notHere('key', 'a field needs no column; new documents are swept'),
    reference: notHere('reference', 'there are no foreign keys'),
    statements: notHere('statements', 'there is no SQL; use a command step'),
    redo: notHere('redo', 'this version keeps the archive and does not put it back'),
    query: notHere('query', 'there is no SQL; use an aggregate step'),
    compare: notHere('compare', 'watch queries are SQL; use aggregate steps'),
  };
}

function notHere<K extends StepKind>(kind: K, why: string): MongoStepHandler<K> {
  return refused({ kind, engine: 'MongoDB', why });
}
