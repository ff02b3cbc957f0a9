import type { InspectedRow } from '../../src/core/inspect';
import type { RunRef } from '../../src/core/verb';
import { check, type Findings } from '../findings';
import type { LedgerStore } from './ledger-store';

export interface RootCauseQuestion {
  readonly run: RunRef;
  /** The newest other run of the same plan; undefined = there is none. */
  before(store: LedgerStore): Promise<string | undefined>;
}

/** The runbook: "Document the root cause before attempting the migration again." After a rollback a start must say it. */
export async function rootCauseFindings(store: LedgerStore, { run, before }: RootCauseQuestion): Promise<Findings> {
  const last = (await store.gone()) === undefined ? await before(store) : undefined;
  if (last === undefined) return { checks: [] };
  const rows = await store.rowsAfter(last, 0, 100_000);
  const restored = rows.some((row) => bodyText(row, 'word') === 'restored');
  const end = rows.findLast((row) => row.event === 'finished');
  if (!restored && bodyText(end, 'outcome') !== 'rolled-back') return { checks: [] };
  const wanted = `run ${last} was ${restored ? 'taken back by a restore' : 'rolled back'}: start with --root-cause "<why, and what has changed>"`;
  const own = await store.rowsAfter(run.id, 0, 100);
  // A dry run has been started by nobody who could have said it.
  if (own.length === 0) return { checks: [], warnings: [wanted] };
  const cause = bodyText(
    own.find((row) => bodyText(row, 'word') === 'start'),
    'rootCause',
  );
  const problems = cause.trim() === '' ? [`${wanted}; end this run first, with \`cutover rollback\``] : [];
  return { checks: [check('root cause', 'why the last run was rolled back', problems, cause)] };
}

function bodyText(row: InspectedRow | undefined, name: string): string {
  const body = row?.body;
  if (body === null || typeof body !== 'object' || Array.isArray(body)) return '';
  const value = (body as Readonly<Record<string, unknown>>)[name];
  return typeof value === 'string' ? value : '';
}
