import type { PgContext, PgStepHandler } from '../context';
import { markerOf } from '../marker';
import { addReference, dropReference } from '../statements/reference';
import { addConstraint, dropConstraint, type ConstraintWork } from './constraint';

/** The foreign key from a tenant key to the registry (or between new tables), validated beside the writing application. */
export const referenceStep: PgStepHandler<'reference'> = {
  do: async (context) => addConstraint(context, workOf(context)),
  undo: async (context) => dropConstraint(context, workOf(context)),
};

function workOf(context: PgContext<'reference'>): ConstraintWork {
  const { args } = context;
  return {
    add: addReference(args, markerOf(context)),
    drop: dropReference(args),
    locks: [args.table, args.references.table],
    violated: `${args.table}.${args.column} holds values that ${args.references.table}.${args.references.column} does not have`,
  };
}
