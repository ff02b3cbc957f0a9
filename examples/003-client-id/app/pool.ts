import { Pool, types } from 'pg';

const BIGINT = 20;

/** The application's connections, as role `app`. `url` comes from the environment, never from argv. */
export function openPool(url: string): Pool {
  types.setTypeParser(BIGINT, Number);
  const pool = new Pool({
    connectionString: url,
    application_name: 'sellout-app',
    max: 16,
    connectionTimeoutMillis: 3_000,
    statement_timeout: 5_000,
    query_timeout: 8_000,
  });
  // A connection that dies says so twice: to its query, which the caller sees, and as an event that would end the process.
  pool.on('connect', (client) => client.on('error', () => undefined));
  pool.on('error', () => undefined);
  return pool;
}
