import type { StepArgs } from '../../../src/core/step';
import { ident, qualified } from '../identifiers';
import { commentOn } from '../marker';
import { asOwner, exclusive, NO_LOCK, type Given, type Statement, type StepStatements } from './statement';

type ReferenceArgs = StepArgs['reference'];

/** A foreign key in two transactions: the first holds writers up for milliseconds, the second reads beside them. */
export function referenceStatements(args: ReferenceArgs, given: Given): StepStatements {
  return {
    forward: [asOwner(given.owner), ...addReference(args, given.marker), validateConstraint(args)],
    back: [asOwner(given.owner), dropReference(args)],
  };
}

export function addReference(args: ReferenceArgs, marker: string): readonly Statement[] {
  const { references } = args;
  return [
    {
      sql: `ALTER TABLE ${qualified(args.table)} ADD CONSTRAINT ${ident(args.name)} FOREIGN KEY (${ident(args.column)}) REFERENCES ${qualified(references.table)} (${ident(references.column)}) NOT VALID`,
      lock: `SHARE ROW EXCLUSIVE on ${args.table} and ${references.table}: writers wait, milliseconds`,
    },
    { sql: commentOn(`CONSTRAINT ${ident(args.name)} ON ${qualified(args.table)}`, marker), lock: NO_LOCK },
  ];
}

export function validateConstraint(args: { readonly table: string; readonly name: string }): Statement {
  return {
    sql: `ALTER TABLE ${qualified(args.table)} VALIDATE CONSTRAINT ${ident(args.name)}`,
    lock: `SHARE UPDATE EXCLUSIVE on ${args.table}: reads the table, readers and writers go on`,
  };
}

export function dropReference(args: ReferenceArgs): Statement {
  return {
    sql: `ALTER TABLE ${qualified(args.table)} DROP CONSTRAINT IF EXISTS ${ident(args.name)}`,
    lock: exclusive(`${args.table} and ${args.references.table}`),
  };
}
