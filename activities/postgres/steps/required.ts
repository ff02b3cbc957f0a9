import type { PgContext, PgStepHandler } from '../context';
import { markerOf } from '../marker';
import { refuseUnmapped, sweep } from '../rules/sweep';
import { addRequired, dropRequired } from '../statements/required';
import { addConstraint, dropConstraint, type ConstraintWork } from './constraint';

/** CHECK (key IS NOT NULL), validated beside the writing application: it makes SET NOT NULL free inside the freeze. */
export const requiredStep: PgStepHandler<'required'> = {
  do: async (context) => {
    const { rule } = context.args;
    if (rule) {
      await sweep(context, { ...context.args, rule });
      await refuseUnmapped(context, { ...context.args, rule });
    }
    return addConstraint(context, workOf(context));
  },
  undo: async (context) => dropConstraint(context, workOf(context)),
};

function workOf(context: PgContext<'required'>): ConstraintWork {
  const { args } = context;
  return {
    add: addRequired(args, markerOf(context)),
    drop: dropRequired(args),
    locks: [args.table],
    violated: `${args.table} has rows without ${args.column}`,
  };
}
