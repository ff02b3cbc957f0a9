import type { Evidence } from '../../src/core/evidence';
import { CutoverError } from '../../src/core/failure';
import type { InspectedRow } from '../../src/core/inspect';
import type { Json } from '../../src/core/json';
import { rowHash, type LedgerRow } from '../../src/core/ledger-row';
import type { Head, LedgerNote, RunRef, VerbInput, VerbResult } from '../../src/core/verb';
import type { LedgerStore } from './ledger-store';

export interface RowToAppend {
  readonly step: string;
  readonly verb: LedgerRow['verb'];
  readonly round: number;
  readonly event: LedgerRow['event'];
  readonly body: Json;
  readonly noteId?: string;
  /** The database's clock where it is known already; else it is asked, which is another round trip. */
  readonly at?: string;
}

/** Appends one row behind `head` and gives the new head. */
export async function append(store: LedgerStore, run: RunRef, head: Head, row: RowToAppend): Promise<Head> {
  const { step, verb, round, event, body, noteId } = row;
  const seq = head.seq + 1;
  const at = row.at ?? (await store.clock());
  const content = { seq, step, verb, round, event, body, at, prevHash: head.hash };
  const hash = rowHash(content);
  await store.insert(run.id, { ...content, hash, ...(noteId === undefined ? {} : { noteId }) });
  return { seq, hash };
}

export async function appendNotes(
  store: LedgerStore,
  run: RunRef,
  head: Head,
  notes: readonly LedgerNote[],
  known: ReadonlySet<string>,
): Promise<Head> {
  let last = head;
  for (const note of notes) {
    if (known.has(note.id)) continue;
    last = await append(store, run, last, {
      step: 'run',
      verb: 'note',
      round: 0,
      event: note.event,
      body: { at: note.at, ...bodyOf(note.body) },
      noteId: note.id,
    });
  }
  return last;
}

/** Notes that no verb will carry any more. The claim's row must be locked: nobody else may append meanwhile. */
export async function recordNotes(
  store: LedgerStore,
  run: RunRef,
  expect: Head,
  notes: readonly LedgerNote[],
): Promise<void> {
  const rows = await store.rowsAfter(run.id, expect.seq - 1);
  const [known, last] = [rows[0], rows[rows.length - 1]];
  if (!known || !last || known.hash !== expect.hash)
    throw new CutoverError(
      'LedgerDiverged',
      `The ledger of run ${run.id} has no row ${expect.seq} as this run wrote it.`,
    );
  await appendNotes(store, run, last, notes, notesOf(rows));
}

export interface Position {
  readonly head: Head;
  readonly known: ReadonlySet<string>;
  readonly started: boolean;
  /** The verb's own end row, when an earlier attempt wrote it. */
  readonly stored?: VerbResult;
}

/**
 * Where the chain is against where the run left it. Between the two there may be only rows of this very step: its own
 * notes, start, failed attempts, or its end, whose stored result is then the answer. Anything else means that the
 * database was restored or the workflow reset: nobody may guess which of the two is right.
 */
export async function position(store: LedgerStore, input: VerbInput): Promise<Position> {
  const { run, expect, step, verb, round } = input;
  await findExpected(store, run, expect);
  const rows = await store.rowsAfter(run.id, expect.seq);
  const broken = firstUnlinked(expect, rows);
  if (broken) throw diverged(run, `its row ${broken.seq} is not as it was written, or does not follow the one before`);
  const foreign = rows.find((r) => r.verb !== 'note' && r.step !== step.id && r.event !== 'plan');
  if (foreign) {
    throw diverged(
      run,
      `it goes on with row ${foreign.seq} of step ${foreign.step}, which this run's workflow does not know`,
    );
  }
  const own = rows.filter((r) => r.step === step.id && r.verb === verb && r.round === round);
  const end = own.find((r) => r.event === 'end');
  const last = rows[rows.length - 1];
  const head: Head = last ? { seq: last.seq, hash: last.hash } : expect;
  return {
    head,
    known: notesOf(rows),
    started: own.some((r) => r.event === 'start'),
    ...(end ? { stored: { ...(end.body as unknown as { evidence: Evidence; ms: number }), head } } : {}),
  };
}

/** A restore that leaves out the tool's own part takes claim, ledger and captures away. */
export async function requireLedger(store: LedgerStore, run: RunRef): Promise<void> {
  const why = await store.gone();
  if (why !== undefined) throw diverged(run, why);
}

function notesOf(rows: readonly InspectedRow[]): ReadonlySet<string> {
  return new Set(rows.flatMap((r) => (r.noteId === undefined ? [] : [r.noteId])));
}

function firstUnlinked(head: Head, rows: readonly InspectedRow[]): InspectedRow | undefined {
  let previous = head;
  for (const row of rows) {
    if (row.seq !== previous.seq + 1 || row.prevHash !== previous.hash || rowHash(row) !== row.hash) return row;
    previous = row;
  }
  return undefined;
}

async function findExpected(store: LedgerStore, run: RunRef, expect: Head): Promise<void> {
  if (expect.seq === 0) return;
  await requireLedger(store, run);
  const row = await store.row(run.id, expect.seq);
  if (!row) throw diverged(run, `its row ${expect.seq} is missing: was the database restored?`);
  if (row.hash !== expect.hash) throw diverged(run, `its row ${expect.seq} has another hash than this run wrote`);
}

function diverged(run: RunRef, what: string): CutoverError {
  return new CutoverError(
    'LedgerDiverged',
    `The ledger of run ${run.id} on target "${run.home}" is not where the run left it: ${what}.`,
  );
}

function bodyOf(body: Json): Record<string, Json | undefined> {
  return body !== null && typeof body === 'object' && !Array.isArray(body)
    ? { ...(body as Record<string, Json | undefined>) }
    : { value: body };
}
