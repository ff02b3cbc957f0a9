import type { InspectedRow } from '../../../src/core/inspect';
import { canonical, type Json } from '../../../src/core/json';
import type { LedgerRow } from '../../../src/core/ledger-row';
import type { Head, LedgerNote, RunRef, VerbInput } from '../../../src/core/verb';
import * as shared from '../../lane/ledger';
import type { LedgerStore } from '../../lane/ledger-store';
import type { PgSession } from '../context';
import { serverClock } from './clock';

export type { Position, RowToAppend } from '../../lane/ledger';

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

/** The ledger in the schema `cutover`, on one session. */
export function ledgerOn(session: PgSession): LedgerStore {
  return {
    clock: () => serverClock(session),
    row: async (run, seq) => (await rowsAfter(session, run, seq - 1, 1)).find((r) => r.seq === seq),
    rowsAfter: (run, seq, limit) => rowsAfter(session, run, seq, limit),
    insert: (run, row) => insert(session, run, row),
    gone: async () => {
      const [lane] = await session.query<{ there: boolean }>(
        `SELECT to_regclass('cutover.ledger') IS NOT NULL AS there`,
      );
      return lane?.there === true ? undefined : 'the schema cutover is gone: was the database restored from a dump?';
    },
  };
}

/** The rows of a run after a place in the chain, oldest first. */
export async function rowsAfter(
  session: PgSession,
  run: string,
  seq: number,
  limit = 1_000,
): Promise<readonly InspectedRow[]> {
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

async function insert(session: PgSession, run: string, row: InspectedRow): Promise<void> {
  const { seq, step, verb, round, event, noteId = null, body, at, prevHash, hash } = row;
  await session.execute(
    `INSERT INTO cutover.ledger (run_id, seq, step, verb, round, event, note_id, body, at, prev_hash, hash) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11)`,
    [run, seq, step, verb, round, event, noteId, canonical(body), at, prevHash, hash],
  );
}

export function append(session: PgSession, run: RunRef, head: Head, row: shared.RowToAppend): Promise<Head> {
  return shared.append(ledgerOn(session), run, head, row);
}

export function appendNotes(
  session: PgSession,
  run: RunRef,
  head: Head,
  notes: readonly LedgerNote[],
  known: ReadonlySet<string>,
): Promise<Head> {
  return shared.appendNotes(ledgerOn(session), run, head, notes, known);
}

export function position(session: PgSession, input: VerbInput): Promise<shared.Position> {
  return shared.position(ledgerOn(session), input);
}

export function requireLane(session: PgSession, run: RunRef): Promise<void> {
  return shared.requireLedger(ledgerOn(session), run);
}
