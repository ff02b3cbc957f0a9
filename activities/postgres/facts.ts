import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { canonical, digestOfText } from '../../src/core/json';
import type { FlagSwitch } from '../../src/core/freeze-args';
import type { StepOf } from '../../src/core/step';
import type { Facts, FactsInput } from '../../src/core/verb';
import { buildNow } from '../deploy/build-now';
import type { Resources } from '../resources';
import { readManifest } from './backup/manifest';
import { sealName, type BackupLocation, type BackupSeal } from '../backup/seal';
import { backupsOn, shelfOf } from '../backup/shelf';
import type { PgSession } from './context';
import { fingerprint } from './fingerprint';
import { ident, qualified } from './identifiers';
import { predictHold, tableFigures } from './facts-shown';
import { queueFreeze } from './queue-freeze';

/**
 * What a gate's decision is bound to, asked again right before the phase starts; under a second. `material` is digested:
 * any difference asks the people again. `shown` moves while they think.
 */
export async function collectFacts(resources: Resources, input: FactsInput, session: PgSession): Promise<Facts> {
  const freeze = input.freeze?.kind === 'freeze' ? input.freeze : undefined;
  const material = {
    fingerprint: await fingerprint(session),
    ...(await serverFacts(session)),
    catalog: await catalogDigest(session, input.tables),
    people: (await resources.people()).digest,
    ...(await backupFacts(resources, input, session)),
    ...(freeze ? await freezeFacts(resources, session, freeze) : {}),
  };
  const shown = {
    ...(await tableFigures(session, input.tables)),
    ...(freeze ? await predictHold(session, freeze.args) : {}),
  };
  return { material, shown };
}

async function serverFacts(session: PgSession): Promise<Record<string, string>> {
  const [row] = await session.query<{ server: string; role: string; recovery: string }>(
    `SELECT current_setting('server_version') AS server, current_user::text AS role, pg_is_in_recovery()::text AS recovery`,
  );
  return {
    server: `PostgreSQL ${row?.server ?? '?'}`,
    role: row?.role ?? '?',
    ...(row?.recovery === 'true' ? { recovery: 'in recovery' } : {}),
  };
}

/** Columns, constraints, indexes, triggers, policies, owner and grants of the plan's tables; no statistics. */
export async function catalogDigest(session: PgSession, tables: readonly string[]): Promise<string> {
  const rows = await session.query<{ line: string }>(CATALOG, [tables]);
  return digestOfText(canonical(rows.map(({ line }) => line)));
}

async function backupFacts(
  resources: Resources,
  input: FactsInput,
  session: PgSession,
): Promise<Record<string, string>> {
  if (input.backupStep === undefined) return {};
  const step = input.backupStep;
  const maxAge = input.backupMaxAgeMs;
  const none = { backup: 'none', ...(maxAge === undefined ? {} : { backupYoungEnough: 'no' }) };
  const location = await captured<BackupLocation>(session, input, step, 'location');
  if (!location) return none;
  const newest = (await backupsOn(shelfOf(resources.store(location.store).dir, input.run, step)))[0];
  const seal = newest && (await captured<BackupSeal>(session, input, step, sealName(newest.n)));
  if (!newest || !seal) return none;
  const stored = await readManifest(newest.path).catch(() => undefined);
  const id = newest.path.split('/').at(-1) ?? newest.path;
  if (!stored || stored.sha256 !== seal.sha256)
    return { ...none, backup: `${id}: its manifest is not the one that was sealed` };
  const bytes = await stat(join(newest.path, stored.manifest.dump.file)).then(
    (file) => file.size,
    () => -1,
  );
  if (bytes !== stored.manifest.dump.bytes) return { ...none, backup: `${id}: its dump is not whole any more` };
  const age = Date.now() - Date.parse(stored.manifest.snapshot.takenAt);
  return {
    backup: `${id} ${stored.sha256}`,
    ...(maxAge === undefined ? {} : { backupYoungEnough: age <= maxAge ? 'yes' : 'no' }),
  };
}

async function captured<T>(session: PgSession, input: FactsInput, step: string, name: string): Promise<T | undefined> {
  const [row] = await session.query<{ value: T }>(
    'SELECT value FROM cutover.capture WHERE run_id = $1 AND step = $2 AND name = $3',
    [input.run.id, step, name],
  );
  return row?.value;
}

async function freezeFacts(
  resources: Resources,
  session: PgSession,
  freeze: StepOf<'freeze'>,
): Promise<Record<string, string>> {
  const args = queueFreeze(freeze.args);
  const builds = await Promise.all((args.around ?? []).map((deploy) => buildNow(resources, deploy)));
  return {
    fence: `${args.mode} over ${args.tables.map((t) => t.table).join(', ')}; hold ${args.budgetMs} ms, stall ${args.stallMs} ms, patience ${args.patienceMs} ms; expires: self`,
    switch: await flagNow(session, args.switch),
    ...(builds.length > 0 ? { builds: builds.join('; ') } : {}),
  };
}

async function flagNow(session: PgSession, flag: FlagSwitch): Promise<string> {
  const [row] = await session.query<{ value: string }>(
    `SELECT ${ident(flag.valueColumn)}::text AS value FROM ${qualified(flag.table)} WHERE ${ident(flag.keyColumn)}::text = $1`,
    [flag.key],
  );
  return `${flag.table} ${flag.key}: ${row === undefined ? 'no such row' : row.value} -> ${flag.to}`;
}

/** Definitions as the server writes them: the same database, so the same text. Tables that are not there yet are lines too. */
const CATALOG = `
WITH t AS MATERIALIZED (
  SELECT w.name, c.oid, c.relkind, c.relowner, c.relacl, c.relrowsecurity, c.relforcerowsecurity, c.relpersistence
    FROM unnest($1::text[]) AS w (name)
    LEFT JOIN (pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f'))
           ON n.nspname || '.' || c.relname = w.name
)
SELECT line FROM (
  SELECT concat_ws(' ', name, coalesce(relkind::text, 'absent'), relowner::regrole, relpersistence::text, relrowsecurity, relforcerowsecurity, relacl::text) AS line FROM t
  UNION ALL
  SELECT concat_ws(' ', t.name, 'column', a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity::text, a.attgenerated::text,
                   pg_get_expr(d.adbin, d.adrelid), a.attacl::text)
    FROM t JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  UNION ALL
  SELECT concat_ws(' ', t.name, 'constraint', k.conname, k.convalidated, pg_get_constraintdef(k.oid)) FROM t JOIN pg_catalog.pg_constraint k ON k.conrelid = t.oid
  UNION ALL
  SELECT concat_ws(' ', t.name, 'index', i.indisvalid, i.indisready, pg_get_indexdef(i.indexrelid)) FROM t JOIN pg_catalog.pg_index i ON i.indrelid = t.oid
  UNION ALL
  SELECT concat_ws(' ', t.name, 'trigger', g.tgenabled::text, pg_get_triggerdef(g.oid), md5(p.prosrc))
    FROM t JOIN pg_catalog.pg_trigger g ON g.tgrelid = t.oid AND NOT g.tgisinternal JOIN pg_catalog.pg_proc p ON p.oid = g.tgfoid
  UNION ALL
  SELECT concat_ws(' ', t.name, 'policy', p.polname, p.polcmd::text, p.polpermissive, p.polroles::regrole[]::text, pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
    FROM t JOIN pg_catalog.pg_policy p ON p.polrelid = t.oid
) AS catalog ORDER BY line COLLATE "C"`;
