import type { PgContext, PgSession } from './context';
import { dollarQuoted, literal, qualified } from './identifiers';

/** What the tool writes as COMMENT on all it creates, in the same transaction: this run, this step, nobody else. */
export function markerOf(context: Pick<PgContext, 'run' | 'step'>): string {
  return marker(context.run.id, context.step.id);
}

export function marker(runId: string, stepId: string): string {
  return `${runMarker(runId)} ${stepId}`;
}

/** What the comments of all objects of one run begin with. */
export function runMarker(runId: string): string {
  return `cutover ${runId}`;
}

/** Ours = a line of the comment is the marker. */
export function isMarked(comment: string | null | undefined, mark: string): boolean {
  return (comment ?? '').split('\n').includes(mark);
}

/** Whether any step of this run made it. */
export function isMadeBy(comment: string | null | undefined, runId: string): boolean {
  return (comment ?? '').split('\n').some((line) => line.startsWith(`${runMarker(runId)} `));
}

/** The run that made it, whichever that was. */
export function makerOf(comment: string | null | undefined): string | undefined {
  return /(?:^|\n)cutover (\S+) /.exec(comment ?? '')?.[1];
}

/** Adds the marker to an object's comment; what the plan's own DDL said there stays. `object` as after COMMENT ON. */
export async function mark(tx: PgSession, object: string, comment: string | null, mark: string): Promise<void> {
  if (isMarked(comment, mark)) return;
  await tx.execute(commentOn(object, comment === null ? mark : `${comment}\n${mark}`));
}

/** `mark` for a table that the same message creates; does nothing when it is not there. */
export function markTableSql(table: string, mark: string): string {
  return `DO ${dollarQuoted(`DECLARE made regclass := to_regclass(${literal(qualified(table))});
BEGIN
  IF made IS NOT NULL THEN
    EXECUTE format('COMMENT ON TABLE %s IS %L', made, concat_ws(chr(10), obj_description(made, 'pg_class'), ${literal(mark)}));
  END IF;
END`)}`;
}

export function commentOn(object: string, text: string): string {
  return `COMMENT ON ${object} IS ${literal(text)}`;
}
