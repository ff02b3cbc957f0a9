import type { Db, Document } from 'mongodb';
import { codeOf } from '../duplicate-key';
import { check, listed, type Findings } from '../../findings';

/** Operations and transactions that are older than the plan allows: what the run would wait for, by opid, age and namespace. */
export async function activityFindings(db: Db, maxAgeMs: number): Promise<Findings> {
  const expected = `nothing open for longer than ${Math.round(maxAgeMs / 1000)} s`;
  try {
    const all = await currentOperations(db);
    const old = all.filter((op) => ageMs(op) > maxAgeMs && String(op['ns'] ?? '').startsWith(`${db.databaseName}.`));
    const named = old.map(
      (op) =>
        `operation ${String(op['opid'])} (${String(op['appName'] ?? 'no app name')}, ${String(op['op'] ?? 'transaction')} on ${String(op['ns'])}) is ${Math.round(ageMs(op) / 1000)} s old; wait for it or end it with killOp`,
    );
    return { checks: [check('long operations', expected, named)], figures: { operations: all.length } };
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    const why = "the tool's user may not ask for others' operations; give it clusterMonitor";
    return { checks: [{ name: 'long operations', verdict: 'fail', expected, observed: listed([why]) }] };
  }
}

async function currentOperations(db: Db): Promise<readonly Document[]> {
  const admin = db.client.db('admin');
  try {
    return await admin.aggregate([{ $currentOp: { allUsers: true, idleSessions: true } }]).toArray();
  } catch (error) {
    if (codeOf(error) === 13) throw error;
    const { inprog } = await admin.command({ currentOp: 1, $all: true });
    return (inprog ?? []) as readonly Document[];
  }
}

function ageMs(op: Document): number {
  const open = (op['transaction'] as { readonly timeOpenMicros?: unknown } | undefined)?.timeOpenMicros;
  return Math.max(Number(open ?? 0), Number(op['microsecs_running'] ?? 0)) / 1000;
}
