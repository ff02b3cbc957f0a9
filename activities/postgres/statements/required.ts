import type { StepArgs } from '../../../src/core/step';
import { ident, qualified } from '../identifiers';
import { commentOn } from '../marker';
import { validateConstraint } from './reference';
import { ruledOf, sweeping } from './rule';
import { asOwner, exclusive, NO_LOCK, type Given, type Statement, type StepStatements } from './statement';

type RequiredArgs = StepArgs['required'];

/** A validated CHECK is the proof from which SET NOT NULL needs no scan inside the freeze. */
export function requiredStatements(args: RequiredArgs, given: Given): StepStatements {
  const swept = args.rule ? [sweeping(ruledOf(args, args.rule, given.value))] : [];
  return {
    forward: [...swept, asOwner(given.owner), ...addRequired(args, given.marker), validateConstraint(args)],
    back: [asOwner(given.owner), dropRequired(args)],
  };
}

export function addRequired(args: RequiredArgs, marker: string): readonly Statement[] {
  const table = qualified(args.table);
  return [
    {
      sql: `ALTER TABLE ${table} ADD CONSTRAINT ${ident(args.name)} CHECK (${ident(args.column)} IS NOT NULL) NOT VALID`,
      lock: exclusive(args.table),
    },
    { sql: commentOn(`CONSTRAINT ${ident(args.name)} ON ${table}`, marker), lock: NO_LOCK },
  ];
}

export function dropRequired(args: { readonly table: string; readonly name: string }): Statement {
  return {
    sql: `ALTER TABLE ${qualified(args.table)} DROP CONSTRAINT IF EXISTS ${ident(args.name)}`,
    lock: exclusive(args.table),
  };
}
