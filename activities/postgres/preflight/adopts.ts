import type { AdoptedTable } from '../../../src/core/table-args';
import type { PreflightArgs } from '../../../src/core/preflight-args';
import type { RunRef } from '../../../src/core/verb';
import { adoption, type Adoption } from '../adopt';
import type { PgSession } from '../context';
import { isLockLoss } from '../errors';
import { isMadeBy } from '../marker';
import { readTable } from '../table-shape';
import { check, type Findings } from '../../findings';

/** Tables of the plan that somebody made before it: each must be as good as the one that the plan would create. */
export async function adoptFindings(session: PgSession, args: PreflightArgs, run: RunRef): Promise<Findings> {
  const { adopts = [] } = args;
  const problems: string[] = [];
  const adopted: string[] = [];
  for (const wanted of adopts) {
    const there = await readTable(session, wanted.table);
    if (!there || isMadeBy(there.comment, run.id)) continue;
    const found = await compared(session, wanted, run);
    problems.push(...found.problems);
    if (found.problems.length === 0) adopted.push(wanted.table);
  }
  if (adopts.length === 0) return { checks: [] };
  const expected = 'not there yet, or as good as what the plan creates';
  return {
    checks: [
      check(
        'tables of the plan',
        expected,
        problems,
        adopted.length === 0 ? expected : `adopted: ${adopted.join(', ')}`,
      ),
    ],
    warnings: adopted.map(
      (table) => `${table} was there before and is adopted: a rollback leaves it, and takes only the rows of this run`,
    ),
  };
}

/** Within a transaction that is rolled back whatever comes; its locks wait for nobody longer than a tenth of a second. */
async function compared(session: PgSession, wanted: AdoptedTable, run: RunRef): Promise<Adoption> {
  for (let tries = 1; ; tries += 1) {
    await session.execute('BEGIN TRANSACTION READ WRITE');
    try {
      await session.execute(`SET LOCAL lock_timeout = '100ms'`);
      return await adoption(session, wanted, run);
    } catch (error) {
      if (!isLockLoss(error) || tries === TRIES) throw error;
    } finally {
      await session.execute('ROLLBACK').catch(() => undefined);
    }
  }
}

const TRIES = 20;
