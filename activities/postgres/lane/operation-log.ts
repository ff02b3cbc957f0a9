import type { Json } from '../../../src/core/json';
import type { CompiledPlan } from '../../../src/core/plan';
import type { PgSession } from '../context';
import { qualified } from '../identifiers';

export interface Operation {
  readonly step: string;
  readonly verb: string;
  readonly status: 'completed' | 'failed';
  readonly details: Json;
}

/**
 * Fills the runbook's own log table beside the ledger, for people who look there. Successes stand in the transaction of
 * the effect; failures come on a connection of their own, so that they survive its rollback. No table, no row.
 */
export async function logOperation(session: PgSession, log: CompiledPlan['log'], operation: Operation): Promise<void> {
  if (!log) return;
  const [found] = await session.query<{ there: boolean }>(
    `SELECT EXISTS (SELECT FROM pg_class c WHERE c.oid = to_regclass($1) AND has_table_privilege(c.oid, 'INSERT')
       AND NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = 'aa_cutover_refuse')) AS there`,
    [qualified(log.table)],
  );
  if (!found?.there) return;
  await session.execute(
    `INSERT INTO ${qualified(log.table)} (phase, operation, status, details) VALUES ($1, $2, $3, $4)`,
    [
      log.phase,
      operation.verb === 'undo' ? `undo ${operation.step}` : operation.step,
      operation.status,
      JSON.stringify(operation.details),
    ],
  );
}
