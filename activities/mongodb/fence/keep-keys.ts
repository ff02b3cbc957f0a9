import { countRemembered } from '../before';
import { driverOf, tenantsFor } from '../rules/driver-of';
import { archiveDiffering } from '../take-back';
import { collectionOptions } from '../validator';
import type { Held } from './held';

/**
 * Behind the fence of a switch back, before the previous build runs again: it knows no tenants, and whatever document it
 * replaces loses its key. The keys that the rule would not give again go into the archive now; unstamping comes later.
 */
export async function keepKeysOfOthers({ context, link }: Held, signal: AbortSignal): Promise<number> {
  const { args, run } = context;
  const rules = args.tables.map(({ rule }) => rule);
  const tenants = await tenantsFor(context, rules);
  let kept = 0;
  for (const { table, column, rule } of args.tables) {
    if (!(await collectionOptions(link.db, table))) continue;
    context.progress({ doing: `archiving what differs from the rule in ${table}` });
    const before = { lane: link.lane, run: run.id, table };
    const work = { table, column, before, rule: driverOf(rule, { table, column }, tenants), signal };
    const remembered = (await countRemembered(before)) > 0;
    kept += (await archiveDiffering(link.db, { ...work, remembered })).kept;
  }
  return kept;
}
