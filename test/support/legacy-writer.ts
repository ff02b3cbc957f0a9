import { Client } from 'pg';

export interface Written {
  readonly writes: number;
  /** Messages of every statement that failed. */
  readonly errors: readonly string[];
  /** Acknowledged rows that are not there any more. */
  readonly lost: readonly string[];
  readonly longestMs: number;
}

export interface Writer {
  stop(): Promise<Written>;
}

/** The old application as role `app`: it inserts into all seven tables without the key, updates, and deletes a user now and then. */
export async function startWriter(url: string): Promise<Writer> {
  const client = new Client({ connectionString: url, application_name: 'legacy-writer' });
  await client.connect();
  const errors: string[] = [];
  const promised: string[] = [];
  let longest = 0;
  let stopped = false;
  const loop = (async () => {
    for (let n = 0; !stopped; n++) {
      const from = performance.now();
      try {
        promised.push(...(await writeOnce(client, n)));
      } catch (error) {
        errors.push(error instanceof Error ? error.message : String(error));
        await client.query('ROLLBACK');
      }
      longest = Math.max(longest, performance.now() - from);
    }
  })();
  return {
    stop: async () => {
      stopped = true;
      await loop;
      const found = await client.query<{ request_id: string }>(ALL, [promised]);
      await client.end();
      const there = new Set(found.rows.map((r) => r.request_id));
      return {
        writes: promised.length,
        errors,
        lost: promised.filter((p) => !there.has(p)),
        longestMs: Math.round(longest),
      };
    },
  };
}

/** One transaction over all tables; the last statement is a user that comes and goes. */
async function writeOnce(client: Client, n: number): Promise<readonly string[]> {
  const id = (table: string): string => `${table}-${n}`;
  await client.query('BEGIN');
  const user = await client.query<{ id: string }>(
    `INSERT INTO users (email, display_name, request_id) VALUES ($1, 'W', $2) RETURNING id`,
    [`w${n}@example.com`, id('users')],
  );
  const upload = await client.query<{ id: string }>(
    `INSERT INTO uploads (user_id, file_name, request_id) VALUES ($1, 'f', $2) RETURNING id`,
    [user.rows[0]?.id, id('uploads')],
  );
  const on = upload.rows[0]?.id;
  await client.query(`INSERT INTO products (ean, name, request_id) VALUES ('1', 'n', $1)`, [id('products')]);
  await client.query(
    `INSERT INTO sellout_entries2 (upload_id, ean, year, month, quantity, amount, payload, request_id) VALUES ($1, '1', 2025, 1, 1, 1, 'p', $2)`,
    [on, id('sellout')],
  );
  await client.query(`INSERT INTO processing_logs (upload_id, message, request_id) VALUES ($1, 'm', $2)`, [
    on,
    id('processing'),
  ]);
  await client.query(`INSERT INTO transform_logs (upload_id, step, request_id) VALUES ($1, 's', $2)`, [
    on,
    id('transform'),
  ]);
  await client.query(`INSERT INTO email_logs (user_id, recipient, subject, request_id) VALUES ($1, 'r', 's', $2)`, [
    user.rows[0]?.id,
    id('email'),
  ]);
  await client.query(`UPDATE products SET restock_count = restock_count + 1 WHERE id = $1`, [1 + (n % 100)]);
  await client.query('COMMIT');
  const passing = await client.query<{ id: string }>(
    `INSERT INTO users (email, display_name) VALUES ($1, 'gone') RETURNING id`,
    [`gone${n}@example.com`],
  );
  await client.query('DELETE FROM users WHERE id = $1', [passing.rows[0]?.id]);
  return ['users', 'uploads', 'products', 'sellout', 'processing', 'transform', 'email'].map(id);
}

const ALL = ['users', 'uploads', 'products', 'sellout_entries2', 'processing_logs', 'transform_logs', 'email_logs']
  .map((t) => `SELECT request_id FROM ${t} WHERE request_id = ANY ($1)`)
  .join(' UNION ALL ');
