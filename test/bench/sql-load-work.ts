import type { Client } from 'pg';

type Work = (client: Client) => Promise<void>;

/** Learns what rows there are, and answers with one transaction of the mix, different at every call. */
export async function transactionOf(client: Client): Promise<Work> {
  const users = await ids(client, 'SELECT id FROM users LIMIT 500');
  const uploads = await ids(client, 'SELECT id FROM uploads LIMIT 500');
  const most: Record<string, number> = {};
  for (const table of ['uploads', 'products', 'sellout_entries2', 'processing_logs', 'transform_logs', 'email_logs'])
    most[table] = Number((await ids(client, `SELECT max(id) AS id FROM ${table}`))[0]);
  const any = (list: readonly string[]): string => list[Math.floor(Math.random() * list.length)] ?? '';
  const row = (table: string): number => 1 + Math.floor(Math.random() * (most[table] ?? 1));
  const inserts: readonly Work[] = [
    newUser,
    send(`INSERT INTO uploads (user_id, file_name) VALUES ($1, 'load.csv')`, () => [any(users)]),
    send(`INSERT INTO products (ean, name) VALUES ('4000000000000', 'load')`, () => []),
    send(SELLOUT, () => [any(uploads)]),
    send(`INSERT INTO processing_logs (upload_id, message) VALUES ($1, 'load')`, () => [any(uploads)]),
    send(`INSERT INTO transform_logs (upload_id, step) VALUES ($1, 'load')`, () => [any(uploads)]),
    send(`INSERT INTO email_logs (user_id, recipient, subject) VALUES ($1, 'load', 'load')`, () => [any(users)]),
  ];
  const updates: readonly Work[] = [
    send(`UPDATE users SET display_name = 'load' WHERE id = $1`, () => [any(users)]),
    send('UPDATE uploads SET byte_size = byte_size + 1 WHERE id = $1', () => [row('uploads')]),
    send('UPDATE products SET restock_count = restock_count + 1 WHERE id = $1', () => [row('products')]),
    send('UPDATE sellout_entries2 SET quantity = quantity + 1 WHERE id = $1', () => [row('sellout_entries2')]),
    send(`UPDATE processing_logs SET message = 'load' WHERE id = $1`, () => [row('processing_logs')]),
    send(`UPDATE transform_logs SET step = 'load' WHERE id = $1`, () => [row('transform_logs')]),
    send(`UPDATE email_logs SET subject = 'load' WHERE id = $1`, () => [row('email_logs')]),
  ];
  return async (on) => {
    const into = Math.floor(Math.random() * inserts.length);
    const of = (into + 1 + Math.floor(Math.random() * (updates.length - 1))) % updates.length;
    const both = [inserts[into], updates[of]].filter((w): w is Work => w !== undefined);
    if (Math.random() < 0.5) both.reverse();
    await on.query('BEGIN');
    for (const work of both) await work(on);
    if (Math.random() < 0.1) await newUser(on);
    await on.query('COMMIT');
  };
}

const SELLOUT = `INSERT INTO sellout_entries2 (upload_id, ean, year, month, quantity, amount, payload)
 VALUES ($1, '4000000000000', 2025, 1, 1, 1, 'load')`;

let made = 0;
const session = `${process.pid}-${Date.now()}`;

const newUser: Work = async (client) => {
  made += 1;
  await client.query(`INSERT INTO users (email, display_name) VALUES ($1, 'load')`, [
    `load-${session}-${made}@example.com`,
  ]);
};

function send(sql: string, values: () => readonly unknown[]): Work {
  return async (client) => void (await client.query(sql, [...values()]));
}

async function ids(client: Client, sql: string): Promise<readonly string[]> {
  return (await client.query<{ id: string | number | null }>(sql)).rows.map((r) => String(r.id));
}
