import type { Db } from 'mongodb';
import { expectEqual, type Check } from '../../../src/core/evidence';
import { missingKey } from '../missing';
import type { RuleOf } from './driver';

/** What every rule must show: no document without a valid key, and no key beside the rule that was not there before. */
export async function keyChecks(db: Db, { table, column, had = 0 }: RuleOf, differ: number): Promise<readonly Check[]> {
  const missing = await db.collection(table).countDocuments(missingKey(column));
  return [
    expectEqual(`${table}: documents without a valid ${column}`, 0, missing),
    {
      name: `${table}: documents of other tenants than the rule says`,
      verdict: differ <= had ? 'pass' : 'fail',
      expected: had === 0 ? '0' : `at most ${had}, which had a key before`,
      observed: String(differ),
    },
  ];
}
