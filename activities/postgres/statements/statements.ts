import type { StepArgs } from '../../../src/core/step';
import { asOwner, type Given, type StepStatements } from './statement';

/** The plan's own statements, as they stand in its files. */
export function statementStatements(args: StepArgs['statements'], given: Given): StepStatements {
  const lock =
    args.unsafe === undefined ? `as the statements in ${args.file} take them` : `unsafe, says the plan: ${args.unsafe}`;
  return {
    forward: [asOwner(given.owner), { sql: args.sql.trim(), lock }],
    back: args.undo === undefined ? [] : [asOwner(given.owner), { sql: args.undo.trim(), lock }],
  };
}
