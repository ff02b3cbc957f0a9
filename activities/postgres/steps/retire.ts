import { evidenceOf, expectEqual, type Check, type Evidence } from '../../../src/core/evidence';
import type { Membership } from '../../../src/core/tenancy-args';
import { constraintsOf, findColumn, findTrigger } from '../catalog';
import type { PgContext, PgSession, PgStepHandler } from '../context';
import { readForgotten, type Forgotten } from '../forgotten';
import { refuseUnlessStill } from './retire-still';
import { qualified } from '../identifiers';
import { findRecord } from '../joined';
import { isMadeBy } from '../marker';
import { keyNames } from '../names';
import { asOwnerOf } from '../owner';
import { refused } from '../pg-error';
import { settle } from '../settle';
import { dropJoinTrigger } from '../statements/members';
import { dropRequired } from '../statements/required';
import { dropStamping } from '../statements/retire';
import { together } from '../together';

type Context = PgContext<'retire'>;
type Keyed = Context['args']['tables'][number];

/** Contract: what only the way back needed goes; the stamping goes once nobody forgets the key, or stays for a reason. */
export const retireStep: PgStepHandler<'retire'> = {
  do: async (context) => {
    const { args } = context;
    const now = await context.read((session) => readForgotten(session, args.tables));
    if (args.keepStamping === undefined) await refuseUnlessStill(context, now);
    let redundant = 0;
    for (const keyed of args.tables) redundant += await context.transaction((tx) => dropRedundant(tx, context, keyed));
    if (args.members) await forgetRecord(context, args.members);
    if (args.keepStamping !== undefined) return context.commit((tx) => proveKept(tx, context, { now, redundant }));
    for (const keyed of args.tables) await context.transaction((tx) => drop(tx, keyed.table, dropStamping(keyed)));
    const { members } = args;
    if (members) await context.transaction((tx) => drop(tx, members.from.table, dropJoinTrigger(members)));
    return context.commit((tx) => proveDropped(tx, context, redundant));
  },
  undo: async () => {
    throw refused('Contract is past the point of no return: what it dropped comes back only from the backup.');
  },
};

/** A CHECK of this run that NOT NULL has made redundant. */
async function dropRedundant(tx: PgSession, context: Context, { table, column }: Keyed): Promise<number> {
  if (!(await findColumn(tx, table, column))?.notNull) return 0;
  const own = (await constraintsOf(tx, table)).filter((c) => c.kind === 'c' && isMadeBy(c.comment, context.run.id));
  for (const { name } of own) await drop(tx, table, [dropRequired({ table, name })]);
  return own.length;
}

/** From here on nobody will ask which memberships of an adopted table this run made. */
async function forgetRecord(context: Context, members: Membership): Promise<void> {
  await context.transaction(async (tx) => {
    const record = await findRecord(tx, members);
    if (record) await asOwnerOf(tx, record, () => tx.execute(`DROP TABLE ${qualified(record)}`));
  });
}

async function drop(tx: PgSession, table: string, statements: Parameters<typeof together>[1]): Promise<void> {
  await settle(tx, [table]);
  await asOwnerOf(tx, table, async () => together(tx, statements));
}

async function proveKept(
  tx: PgSession,
  context: Context,
  facts: { readonly now: Forgotten; readonly redundant: number },
): Promise<Evidence> {
  const counters = Object.entries(facts.now.tables);
  const checks = await triggerChecks(tx, context, 'enabled always');
  return evidenceOf(
    `The stamping stays: ${context.args.keepStamping}. Rows that came without key so far: ${counters.reduce((sum, [, n]) => sum + n, 0)}`,
    checks,
    { redundantChecksDropped: facts.redundant, ...Object.fromEntries(counters) },
  );
}

async function proveDropped(tx: PgSession, context: Context, redundant: number): Promise<Evidence> {
  const checks = await triggerChecks(tx, context, 'gone');
  return evidenceOf('The stamping is gone: the application writes the key itself', checks, {
    redundantChecksDropped: redundant,
  });
}

async function triggerChecks(tx: PgSession, { args }: Context, expected: string): Promise<readonly Check[]> {
  const checks: Check[] = [];
  for (const { table, column } of args.tables) {
    const trigger = await findTrigger(tx, table, keyNames(table, column).stamp.trigger);
    const state = !trigger ? 'gone' : trigger.enabled === 'A' ? 'enabled always' : `state ${trigger.enabled}`;
    checks.push(expectEqual(`${table}: stamping trigger`, expected, state));
  }
  return checks;
}
