import type { PgSession } from '../context';
import { refused, refusing } from '../pg-error';

/**
 * The tool's own schema in the home database. Nobody but the tool's role has rights on it: the application's triggers
 * are SECURITY DEFINER in the application's schema and need none.
 *
 * - claim: one run owns a target at a time; the token rises with every attempt and is never reset.
 * - ledger: append-only; a trigger refuses UPDATE, DELETE and TRUNCATE. Bodies are `json`, not `jsonb`, since the hash covers the text.
 * - capture: write-once values of before the first change, by (run, step, name).
 * - progress: unchained positions of windowed work, written in the windows' own transactions.
 * - archive: what an undo would otherwise lose, by (run, table, primary key).
 */
export const LANE_DDL = `
CREATE SCHEMA IF NOT EXISTS cutover;
CREATE TABLE IF NOT EXISTS cutover.claim (
  target text PRIMARY KEY, run_id text, plan text, token bigint NOT NULL, step text NOT NULL, verb text NOT NULL,
  fingerprint text NOT NULL, claimed_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE IF NOT EXISTS cutover.ledger (
  run_id text NOT NULL, seq integer NOT NULL, step text NOT NULL, verb text NOT NULL, round integer NOT NULL, event text NOT NULL,
  note_id text, body json NOT NULL, at text NOT NULL, prev_hash text NOT NULL, hash text NOT NULL, PRIMARY KEY (run_id, seq));
CREATE UNIQUE INDEX IF NOT EXISTS ledger_once ON cutover.ledger (run_id, step, verb, round, event) WHERE event IN ('plan', 'start', 'end');
CREATE UNIQUE INDEX IF NOT EXISTS ledger_note_once ON cutover.ledger (run_id, note_id) WHERE note_id IS NOT NULL;
CREATE TABLE IF NOT EXISTS cutover.capture (
  run_id text NOT NULL, step text NOT NULL, name text NOT NULL, value jsonb NOT NULL, at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (run_id, step, name));
CREATE TABLE IF NOT EXISTS cutover.progress (
  run_id text NOT NULL, step text NOT NULL, name text NOT NULL, value jsonb NOT NULL, at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (run_id, step, name));
CREATE TABLE IF NOT EXISTS cutover.archive (
  run_id text NOT NULL, table_name text NOT NULL, pk jsonb NOT NULL, value jsonb NOT NULL, archived_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (run_id, table_name, pk));
CREATE OR REPLACE FUNCTION cutover.refuse_change() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN RAISE EXCEPTION 'cutover.% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$;
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_trigger WHERE tgname = 'ledger_append_only' AND tgrelid = 'cutover.ledger'::regclass) THEN
    CREATE TRIGGER ledger_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON cutover.ledger
      FOR EACH STATEMENT EXECUTE FUNCTION cutover.refuse_change();
    ALTER TABLE cutover.ledger ENABLE ALWAYS TRIGGER ledger_append_only;
    CREATE TRIGGER capture_write_once BEFORE UPDATE OR DELETE OR TRUNCATE ON cutover.capture
      FOR EACH STATEMENT EXECUTE FUNCTION cutover.refuse_change();
    ALTER TABLE cutover.capture ENABLE ALWAYS TRIGGER capture_write_once;
  END IF;
END $$;`;

/** Creates the tool's schema where it is not yet; two at once are serialised by an advisory lock. */
export async function ensureLane(session: PgSession): Promise<void> {
  const foreign = 'The schema cutover is not usable by the role of the target; connect as the role that made it';
  const there = await refusing(['42501'], foreign, () => isThere(session));
  if (there) return;
  await requireCreate(session);
  await session.execute('BEGIN');
  try {
    await session.execute(`SELECT pg_advisory_xact_lock(hashtext('cutover.schema'))`);
    await refusing(['42501'], foreign, () => session.execute(LANE_DDL));
    await session.execute('COMMIT');
  } catch (error) {
    await session.execute('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

async function isThere(session: PgSession): Promise<boolean> {
  const [found] = await session.query<{ there: boolean }>(`SELECT to_regclass('cutover.archive') IS NOT NULL AS there`);
  return found?.there === true;
}

async function requireCreate(session: PgSession): Promise<void> {
  const [who] = await session.query<{ may: boolean; role: string; database: string }>(
    `SELECT has_database_privilege(current_database(), 'CREATE') AS may, quote_ident(current_user) AS role,
            quote_ident(current_database()) AS database`,
  );
  if (who?.may !== false) return;
  throw refused(
    `${who.role} may not create the schema cutover, where claim and ledger of a run are; GRANT CREATE ON DATABASE ${who.database} TO ${who.role}.`,
  );
}
