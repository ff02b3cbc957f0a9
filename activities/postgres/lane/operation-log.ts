import type { Json } from '../../../src/core/json';
import type { CompiledPlan } from '../../../src/core/plan';
import type { PgSession } from '../context';
import { dollarQuoted, literal, qualified } from '../identifiers';

export interface Operation {
  readonly step: string;
  readonly verb: string;
  readonly status: 'completed' | 'failed';
  readonly details: Json;
}

/**
 * Fills the runbook's own log table beside the ledger, for people who look there. Successes stand in the transaction of
 * the effect; failures come on a connection of their own, so that they survive its rollback. No table, no row. One
 * message, looking included: the step's locks may be held.
 */
export async function logOperation(session: PgSession, log: CompiledPlan['log'], operation: Operation): Promise<void> {
  if (!log) return;
  const table = qualified(log.table);
  const values = [
    log.phase,
    operation.verb === 'undo' ? `undo ${operation.step}` : operation.step,
    operation.status,
    JSON.stringify(operation.details),
  ];
  const body = `BEGIN
  IF EXISTS (SELECT FROM pg_class c WHERE c.oid = to_regclass(${literal(table)}) AND has_table_privilege(c.oid, 'INSERT')
     AND NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = 'aa_cutover_refuse')) THEN
    INSERT INTO ${table} (phase, operation, status, details) VALUES (${values.map(literal).join(', ')});
  END IF;
END`;
  await session.execute(`DO ${dollarQuoted(body)}`);
}
