import { describeUnmapped } from '../../rule';
import type { PgContext } from '../context';
import type { PgRule } from './driver';
import { cannotTell, type RuledBy } from './sweep';

/** Captured before the first row is stamped. */
export type Predicted = {
  readonly table: string;
  /** Rows without a key at the time: those that the trigger has stamped since the column is there do not count. */
  readonly rows: number;
  readonly byTenant: Readonly<Record<string, number>>;
};

/**
 * What will be stamped.
 *
 * @throws Refused where the rule cannot tell whose a row is, naming some of them.
 */
export async function predict(context: PgContext<'stamp'>, of: RuledBy, rule: PgRule): Promise<Predicted> {
  context.progress({ doing: `counting what the rule gives ${of.table}` });
  const { rows, byTenant, unmapped } = await context.read((session) => rule.predict(session));
  if (unmapped.count > 0) throw cannotTell(of, describeUnmapped(unmapped));
  return { table: of.table, rows, byTenant: Object.fromEntries(byTenant) };
}
