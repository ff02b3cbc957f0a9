import type { Evidence } from '../../../src/core/evidence';
import { CutoverError } from '../../../src/core/failure';
import { canonical, type Json } from '../../../src/core/json';
import { rowHash, type LedgerRow } from '../../../src/core/ledger-row';
import type { Head, LedgerNote, RunRef, VerbInput, VerbResult } from '../../../src/core/verb';
import type { PgSession } from '../context';
import { serverClock } from './clock';

interface StoredRow {
  readonly seq: number;
  readonly step: string;
  readonly verb: LedgerRow['verb'];
  readonly round: number;
  readonly event: LedgerRow['event'];
  readonly note_id: string | null;
  readonly body: Json;
  readonly at: string;
  readonly prev_hash: string;
  readonly hash: string;
}

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

/** The rows of a run after a place in the chain, oldest first. */
export async function rowsAfter(
  session: PgSession,
  run: string,
  seq: number,
  limit = 1_000,
): Promise<readonly (LedgerRow & { readonly noteId?: string })[]> {
  const rows = await session.query<StoredRow>(
    `SELECT seq, step, verb, round, event, note_id, body, at, prev_hash, hash FROM cutover.ledger WHERE run_id = $1 AND seq > $2 ORDER BY seq LIMIT $3`,
    [run, seq, limit],
  );
  return rows.map(({ prev_hash: prevHash, note_id: noteId, ...rest }) => ({
    ...rest,
    prevHash,
    ...(noteId ? { noteId } : {}),
  }));
}

/** Appends one row behind `head` and gives the new head. The primary key refuses a second writer. */
export async function append(session: PgSession, run: RunRef, head: Head, row: RowToAppend): Promise<Head> {
  const seq = head.seq + 1;
  const at = row.at ?? (await serverClock(session));
  const content = {
    seq,
    step: row.step,
    verb: row.verb,
    round: row.round,
    event: row.event,
    body: row.body,
    at,
    prevHash: head.hash,
  };
  const hash = rowHash(content);
  await session.execute(
    `INSERT INTO cutover.ledger (run_id, seq, step, verb, round, event, note_id, body, at, prev_hash, hash) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11)`,
    [
      run.id,
      seq,
      row.step,
      row.verb,
      row.round,
      row.event,
      row.noteId ?? null,
      canonical(row.body),
      content.at,
      head.hash,
      hash,
    ],
  );
  return { seq, hash };
}

export async function appendNotes(
  session: PgSession,
  run: RunRef,
  head: Head,
  notes: readonly LedgerNote[],
  known: ReadonlySet<string>,
): Promise<Head> {
  let last = head;
  for (const note of notes) {
    if (known.has(note.id)) continue;
    last = await append(session, run, last, {
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
export async function position(session: PgSession, input: VerbInput): Promise<Position> {
  const { run, expect, step, verb, round } = input;
  await findExpected(session, run, expect);
  const rows = await rowsAfter(session, run.id, expect.seq);
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
    known: new Set(rows.flatMap((r) => (r.noteId ? [r.noteId] : []))),
    started: own.some((r) => r.event === 'start'),
    ...(end ? { stored: { ...(end.body as unknown as { evidence: Evidence; ms: number }), head } } : {}),
  };
}

/** A restore of a dump that leaves out the tool's schema takes claim, ledger and captures away. */
export async function requireLane(session: PgSession, run: RunRef): Promise<void> {
  const [lane] = await session.query<{ there: boolean }>(`SELECT to_regclass('cutover.ledger') IS NOT NULL AS there`);
  if (!lane?.there) throw diverged(run, 'the schema cutover is gone: was the database restored from a dump?');
}

async function findExpected(session: PgSession, run: RunRef, expect: Head): Promise<void> {
  if (expect.seq === 0) return;
  await requireLane(session, run);
  const [row] = await session.query<{ hash: string }>(
    `SELECT hash FROM cutover.ledger WHERE run_id = $1 AND seq = $2`,
    [run.id, expect.seq],
  );
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
