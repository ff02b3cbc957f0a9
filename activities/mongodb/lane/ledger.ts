import type { ClientSession, Db } from 'mongodb';
import type { InspectedRow } from '../../../src/core/inspect';
import { canonical, type Json } from '../../../src/core/json';
import type { LedgerStore } from '../../lane/ledger-store';
import { serverClock } from './clock';
import { ledgerRows, type LedgerDocument } from './documents';
import { laneCollections } from './schema';

/** The ledger in the tool's database. With a session: in its transaction, which sees its own rows. */
export function ledgerIn(lane: Db, session?: ClientSession): LedgerStore {
  const rows = ledgerRows(lane);
  const options = session ? { session } : {};
  return {
    clock: () => serverClock(lane),
    row: async (run, seq) => {
      const found = await rows.findOne({ _id: idOf(run, seq) }, options);
      return found === null ? undefined : rowOf(found);
    },
    rowsAfter: async (run, seq, limit = 1_000) => {
      const found = await rows.find({ run, seq: { $gt: seq } }, { ...options, sort: { seq: 1 }, limit }).toArray();
      return found.map(rowOf);
    },
    insert: async (run, row) => {
      const { body, ...rest } = row;
      await rows.insertOne({ _id: idOf(run, row.seq), run, ...rest, body: canonical(body) }, options);
    },
    gone: async () =>
      (await laneCollections(lane)).has('ledger')
        ? undefined
        : `the database ${lane.databaseName} is gone: was the server restored from a dump?`,
  };
}

function idOf(run: string, seq: number): string {
  return `${run}/${seq}`;
}

function rowOf(stored: LedgerDocument): InspectedRow {
  const { seq, step, verb, round, event, noteId, at, prevHash, hash } = stored;
  const body = JSON.parse(stored.body) as Json;
  return { seq, step, verb, round, event, body, at, prevHash, hash, ...(noteId === undefined ? {} : { noteId }) };
}
