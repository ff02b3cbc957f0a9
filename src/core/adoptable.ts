import type { LedgerRow } from './ledger-row';

/** Why a run cannot be gone on with, by its ledger; undefined when it can. Whether its workflow is gone is not asked here. */
export function refusesAdoption(run: string, rows: readonly LedgerRow[]): string | undefined {
  if (rows[0]?.event !== 'plan') return `The ledger of run ${run} does not begin with its plan; it is not whole.`;
  const released = rows.findLast((r) => r.event === 'operator' && text(r, 'word') === 'release');
  if (released)
    return `Run ${run} was released at ${released.at} by ${text(released, 'by')}: it no longer holds the target. Start a new run.`;
  const restored = rows.findLast((r) => r.event === 'operator' && ['restore', 'restored'].includes(text(r, 'word')));
  if (restored)
    return `The database was restored from the backup of run ${run} at ${restored.at} by ${text(restored, 'by')}: what the run has done is gone. Start a new run.`;
  const outcome = rows.map((r) => (r.event === 'finished' ? text(r, 'outcome') : '')).findLast((word) => word !== '');
  return outcome === undefined || outcome === 'aborted'
    ? undefined
    : `Run ${run} has ended as ${outcome}: there is nothing to go on with. Start a new run.`;
}

function text({ body }: LedgerRow, name: string): string {
  const value =
    body !== null && typeof body === 'object' ? (body as Readonly<Record<string, unknown>>)[name] : undefined;
  return typeof value === 'string' ? value : '';
}
