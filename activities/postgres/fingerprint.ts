import type { PgSession } from './context';

/**
 * Which database this is, whatever address led to it: `<system identifier>/<database oid>/<database>`. An unprivileged
 * role may read it. Two servers cloned from one disk have the same: they are taken for one, which refuses too much and
 * never too little.
 */
export async function fingerprint(session: PgSession): Promise<string> {
  const [may] = await session.query<{ may: boolean }>(
    `SELECT has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE') AS may`,
  );
  const [row] = await session.query<{ fingerprint: string }>(may?.may === true ? BY_CONTROL_FILE : BY_ADDRESS);
  if (!row) throw new Error('The server did not answer which database this is; look at its log, then try again.');
  return row.fingerprint;
}

const DATABASE = `(SELECT d.oid || '/' || d.datname FROM pg_catalog.pg_database d WHERE d.datname = current_database())`;

const BY_CONTROL_FILE = `SELECT system_identifier || '/' || ${DATABASE} AS fingerprint FROM pg_catalog.pg_control_system()`;

/** Where a provider has revoked the function: the address the server itself sees, which a proxy cannot change. */
const BY_ADDRESS = `
  SELECT coalesce(host(inet_server_addr()) || ':' || inet_server_port(), 'socket:' || current_setting('port'))
         || '/' || ${DATABASE} AS fingerprint`;
