import { Client } from 'pg';
import { TABLES } from '../../../examples/003-client-id/load/shape';
import type { Scenario } from '../scenario';

/** A row's place in its table: another one means that the row was written anew. */
export type Places = ReadonlyMap<string, string>;

export async function places({ db }: Scenario): Promise<Places> {
  const { rows } = await db.query<{ id: string; place: string }>(
    'SELECT id, ctid::text AS place FROM sellout_entries2',
  );
  return new Map(rows.map((row) => [row.id, row.place]));
}

/** How many of those rows lie elsewhere now. */
export async function rewritten(run: Scenario, before: Places): Promise<number> {
  const now = await places(run);
  return [...before].filter(([id, place]) => now.get(id) !== place).length;
}

/** Rows of the seven tables without the key. */
export async function withoutKey({ db }: Scenario): Promise<number> {
  const nulls = TABLES.map((table) => `SELECT FROM ${table} WHERE client_id IS NULL`).join(' UNION ALL ');
  return (await db.query(nulls)).rowCount ?? 0;
}

export async function usersWithoutMembership({ db }: Scenario): Promise<number> {
  const sql = 'SELECT FROM users u WHERE NOT EXISTS (SELECT FROM user_organizations m WHERE m.user_id = u.id)';
  return (await db.query(sql)).rowCount ?? 0;
}

/** Tables with the key where no index begins with it. */
export async function tablesWithoutIndex({ db }: Scenario): Promise<readonly string[]> {
  const { rows } = await db.query<{ on: string }>(
    `SELECT a.attrelid::regclass::text AS on FROM pg_attribute a
      WHERE a.attname = 'client_id' AND a.attrelid = ANY ($1::regclass[])
        AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = a.attrelid AND i.indkey[0] = a.attnum AND i.indisvalid)
      ORDER BY 1`,
    [[...TABLES]],
  );
  return rows.map((row) => row.on);
}

/** What the application's role is told when it tries; nothing stays. */
export async function tries({ stage }: Scenario, ...statements: readonly string[]): Promise<'accepted' | string> {
  return asApp(stage.urls.app, async (client) => {
    await client.query('BEGIN');
    try {
      for (const sql of statements) await client.query(sql);
      return 'accepted';
    } catch (error) {
      return (error as { code?: string }).code ?? String(error);
    }
  });
}

/** The first row that the application's role gets from the last statement; nothing stays. */
export async function asks(
  { stage }: Scenario,
  ...statements: readonly string[]
): Promise<Readonly<Record<string, unknown>>> {
  return asApp(stage.urls.app, async (client) => {
    await client.query('BEGIN');
    let row: Readonly<Record<string, unknown>> = {};
    for (const sql of statements) row = (await client.query<Record<string, unknown>>(sql)).rows[0] ?? {};
    return row;
  });
}

/** A stranger puts a table of his own in front of the one that the function means, and asks to be let in. */
export async function strangerIsLetIn(run: Scenario): Promise<boolean> {
  const row = await asks(
    run,
    'CREATE TEMP TABLE user_organizations (user_id uuid, organization_id uuid, is_active boolean)',
    `INSERT INTO pg_temp.user_organizations SELECT '${STRANGER}', id, true FROM public.organizations WHERE slug = 'default-org'`,
    'GRANT ALL ON pg_temp.user_organizations TO PUBLIC',
    `SELECT public.validate_client_access('${STRANGER}', id) AS in FROM public.organizations WHERE slug = 'default-org'`,
  );
  return row['in'] === true;
}

const STRANGER = '00000000-0000-4000-8000-000000000001';

/** An application's connection that has prepared `SELECT *`, and learns nothing. */
export class NaiveReader implements AsyncDisposable {
  private constructor(private readonly client: Client) {}

  static async open({ stage }: Scenario): Promise<NaiveReader> {
    const client = new Client({ connectionString: stage.urls.app, application_name: 'naive-reader' });
    client.on('error', () => undefined);
    await client.connect();
    const reader = new NaiveReader(client);
    const first = await reader.read();
    if (first !== 'answered') throw new Error(`The reader was refused at once: ${first}`);
    return reader;
  }

  /** `answered`, or the SQLSTATE. */
  async read(): Promise<string> {
    return this.client.query({ name: 'product', text: 'SELECT * FROM products WHERE id = $1', values: [1] }).then(
      () => 'answered',
      (error: { code?: string }) => error.code ?? String(error),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.end();
  }
}

async function asApp<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url, application_name: 'trap' });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.query('ROLLBACK').catch(() => undefined);
    await client.end();
  }
}
