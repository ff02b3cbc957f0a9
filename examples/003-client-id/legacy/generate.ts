import { Client } from 'pg';
import { inserts } from './inserts';
import { spread, type Volumes } from './volumes';

export interface GenerateOptions {
  /** Rows in all seven tables together; at least 100. */
  readonly rows: number;
  /** The same seed gives the same rows. Default 1. */
  readonly seed?: number;
}

/**
 * Fills the legacy schema behind `url` (a connection as `owner`) on the server's side, analyzes it, and answers with
 * the rows per table. Everything is one transaction: a failed run leaves the tables empty. Refuses tables that hold rows.
 */
export async function generate(url: string, options: GenerateOptions): Promise<Volumes> {
  const volumes = spread(options.rows);
  const client = new Client({ connectionString: url, application_name: 'example-generate' });
  await client.connect();
  try {
    await client.query('BEGIN');
    await client.query(`SET LOCAL maintenance_work_mem = '256MB'`);
    await refuseUnlessEmpty(client);
    const dropped = [...(await drop(client, FOREIGN_KEYS)), ...(await drop(client, SECONDARY_INDEXES))];
    for (const { text, values } of inserts({ volumes, seed: options.seed ?? 1 })) await client.query(text, [...values]);
    for (const create of dropped.reverse()) await client.query(create);
    await client.query('COMMIT');
    await client.query(`VACUUM (ANALYZE) ${Object.keys(volumes).join(', ')}`);
    return volumes;
  } finally {
    await client.end();
  }
}

async function refuseUnlessEmpty(client: Client): Promise<void> {
  const { rows } = await client.query<{ any: boolean }>('SELECT EXISTS (SELECT FROM public.users) AS any');
  if (rows[0]?.any !== false) {
    throw new Error('The table users already holds rows; generate only into a legacy schema that was just created.');
  }
}

/**
 * One check of all rows, and one build of each index at the end, cost a fraction of what they cost row by row.
 * Everything comes back under its own name and definition.
 */
const FOREIGN_KEYS = `
  SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) AS drop,
         format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) AS create
    FROM pg_constraint
   WHERE contype = 'f' AND connamespace = 'public'::regnamespace
   ORDER BY conrelid::regclass::text, conname`;

const SECONDARY_INDEXES = `
  SELECT format('DROP INDEX %s', indexrelid::regclass) AS drop, pg_get_indexdef(indexrelid) AS create
    FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
   WHERE relnamespace = 'public'::regnamespace AND NOT indisunique
   ORDER BY relname`;

/** Drops what the query names and answers with the statements that bring it back. */
async function drop(client: Client, query: string): Promise<string[]> {
  const { rows } = await client.query<{ drop: string; create: string }>(query);
  for (const row of rows) await client.query(row.drop);
  return rows.map((row) => row.create);
}
