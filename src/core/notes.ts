import type { Json } from './json';
import type { RunState } from './state';
import type { NoteEvent } from './verb';

/** Something that happened while no verb ran, or beside one: its ledger row is written by the next verb (one writer). */
export function note(state: RunState, event: NoteEvent, at: string, body: Json): RunState {
  const noteSeq = state.noteSeq + 1;
  return { ...state, noteSeq, notes: [...state.notes, { id: `n${noteSeq}`, event, at, body }] };
}

/** Notes that came while the verb was under way wait for the next one. */
export function unwritten(state: RunState, through: number): RunState['notes'] {
  return state.notes.filter((n) => Number(n.id.slice(1)) > through);
}
