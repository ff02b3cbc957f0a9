import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';

export interface RightsSeen {
  /** How often the tool's schema was there to be looked at. */
  readonly looks: number;
  /** What the application's role could have done in it, once each. */
  readonly granted: readonly string[];
}

/** Looks ten times a second, until `stop`, whether the role `app` has any right on the tool's schema or what is in it. */
export async function watchRights(superuserUrl: string): Promise<{ readonly stop: () => Promise<RightsSeen> }> {
  const client = new Client({ connectionString: superuserUrl, application_name: 'rights-watch' });
  client.on('error', () => undefined); // the query in hand reports it
  await client.connect();
  const stopped = new AbortController();
  const seen = look(client, stopped.signal).finally(() => client.end());
  seen.catch(() => undefined); // whoever stops it learns
  return {
    stop: () => {
      stopped.abort();
      return seen;
    },
  };
}

async function look(client: Client, stopped: AbortSignal): Promise<RightsSeen> {
  const granted = new Set<string>();
  let looks = 0;
  while (!stopped.aborted) {
    const { rows } = await client.query<{ granted: readonly string[] }>(RIGHTS);
    if (rows.length > 0) looks += 1;
    for (const what of rows.flatMap((row) => row.granted)) granted.add(what);
    await sleep(100);
  }
  return { looks, granted: [...granted] };
}

/** No row while there is no schema. */
const RIGHTS = `
SELECT ARRAY(SELECT 'schema cutover' WHERE has_schema_privilege('app', n.oid, 'USAGE, CREATE')
             UNION ALL
             SELECT c.relname::text FROM pg_class c WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p', 'v', 'm')
                AND has_table_privilege('app', c.oid, 'SELECT, INSERT, UPDATE, DELETE')
             UNION ALL
             SELECT c.relname::text FROM pg_class c WHERE c.relnamespace = n.oid
                AND CASE c.relkind WHEN 'S' THEN has_sequence_privilege('app', c.oid, 'USAGE, SELECT, UPDATE') ELSE false END
             UNION ALL
             SELECT p.proname::text FROM pg_proc p WHERE p.pronamespace = n.oid
                AND has_schema_privilege('app', n.oid, 'USAGE') AND has_function_privilege('app', p.oid, 'EXECUTE')) AS granted
  FROM pg_namespace n WHERE n.nspname = 'cutover'`;
