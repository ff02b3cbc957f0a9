import type { StepArgs } from '../../../src/core/step';
import type { Filled } from '../fill';

type Args = StepArgs['registry'];
type Command = Readonly<Record<string, unknown>>;

export function findTenant(args: Args, identity: string): Command {
  return { [args.identify]: { $eq: identity } };
}

/** One upsert: where the tenant is there already it changes nothing, and the unique index lets nobody make a second. */
export function upsertTenant(args: Args, document: Filled): Command {
  const { [args.identify]: identity, ...rest } = document;
  return {
    update: args.table,
    updates: [{ q: findTenant(args, String(identity)), u: { $setOnInsert: rest }, upsert: true }],
  };
}
