import { targetOf } from '../target-of';
import { CutoverError } from '../../src/core/failure';
import type { InspectInput, InspectPage } from '../../src/core/inspect';
import type { Facts, FactsInput } from '../../src/core/verb';
import type { RecordInput } from '../engine';
import type { Resources } from '../resources';
import { collectFacts } from './facts';
import { applicationName } from './lane/claim';
import { appendNotes, requireLane, rowsAfter } from './lane/ledger';
import { openSession } from './session';

export async function facts(resources: Resources, input: FactsInput): Promise<Facts> {
  const target = targetOf(resources, input.run.home, 'postgres');
  await using session = await openSession({
    url: target.url(),
    applicationName: applicationName(input.run, 'facts'),
    readOnly: true,
  });
  await requireLane(session, input.run);
  return await collectFacts(resources, input, session);
}

export async function record(resources: Resources, { run, expect, notes }: RecordInput): Promise<void> {
  const target = targetOf(resources, run.home, 'postgres');
  await using session = await openSession({ url: target.url(), applicationName: applicationName(run, 'record') });
  await session.execute('BEGIN');
  await session.query('SELECT 1 FROM cutover.claim WHERE target = $1 FOR UPDATE', [run.home]);
  const rows = await rowsAfter(session, run.id, expect.seq - 1);
  const [known, last] = [rows[0], rows[rows.length - 1]];
  if (!known || !last || known.hash !== expect.hash)
    throw new CutoverError(
      'LedgerDiverged',
      `The ledger of run ${run.id} has no row ${expect.seq} as this run wrote it.`,
    );
  await appendNotes(session, run, last, notes, new Set(rows.flatMap((r) => (r.noteId ? [r.noteId] : []))));
  await session.execute('COMMIT');
}

export async function readLedger(resources: Resources, input: InspectInput): Promise<InspectPage> {
  const target = targetOf(resources, input.home, 'postgres');
  await using session = await openSession({ url: target.url(), applicationName: 'cutover/inspect', readOnly: true });
  const [found] = await session.query<{ run: string }>(
    `SELECT run_id AS run FROM cutover.ledger WHERE run_id = $1 OR starts_with(run_id, $1 || '.') GROUP BY run_id ORDER BY max(at) DESC LIMIT 1`,
    [input.run],
  );
  if (!found)
    throw new CutoverError('Refused', `Target "${input.home}" has no ledger of a run or plan "${input.run}".`);
  const rows = await rowsAfter(session, found.run, input.afterSeq, input.limit + 1);
  return {
    run: found.run,
    rows: rows.slice(0, input.limit),
    more: rows.length > input.limit,
  };
}
