import type { Membership } from '../../src/core/tenancy-args';
import { fit63, split } from './identifiers';

/** What a `key` step makes beside the column. Function and sequence are `schema.name`; triggers belong to their table. */
export interface KeyNames {
  /** Counts the rows that forgot their key: bumped without a lock, and not undone by a rollback. */
  readonly sequence: string;
  readonly stamp: TriggerNames;
  /** Stamps anew a row whose looked-up column the application changes: only where a rule looks one up. */
  readonly follow: string;
  /** Takes the stamping's place during the undo: nothing can write the key any more. */
  readonly forget: TriggerNames;
}

export interface MemberNames extends TriggerNames {
  /** Which memberships this run made, where it found a table of memberships: `schema.name`, a table beside the users'. */
  readonly record: string;
}

export interface TriggerNames {
  readonly function: string;
  readonly trigger: string;
}

/**
 * Triggers of one table fire in the order of their names: `zz` lets a trigger of the application set the key first, and
 * leaves the last word to the one that forgets it.
 */
export function keyNames(table: string, column: string): KeyNames {
  const { schema, local } = split(table);
  const own = (what: string): string => `${schema}.${fit63(`cutover_${what}_${local}_${column}`)}`;
  return {
    sequence: own('forgotten'),
    stamp: { function: own('stamp'), trigger: fit63(`zz_cutover_stamp_${column}`) },
    follow: fit63(`zz_cutover_follow_${column}`),
    forget: { function: own('forget'), trigger: fit63(`zz_cutover_forget_${column}`) },
  };
}

/** What joins every new user to the tenant: a trigger on the users' table. */
export function memberNames(members: Membership): MemberNames {
  const users = split(members.from.table);
  const joined = split(members.table).local;
  return {
    function: `${users.schema}.${fit63(`cutover_join_${users.local}_${joined}`)}`,
    trigger: fit63(`zz_cutover_join_${joined}`),
    record: `${users.schema}.${fit63(`cutover_joined_${joined}`)}`,
  };
}

/** What keeps a table as it is while its undo archives it. */
export function refusalNames(table: string): TriggerNames {
  const { schema, local } = split(table);
  return { function: `${schema}.${fit63(`cutover_refuse_${local}`)}`, trigger: 'aa_cutover_refuse' };
}
