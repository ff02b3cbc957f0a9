import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';

/** Looks again and again whether the application's role has any right on the tool's schema or on what is in it. */
export class RightsWatch {
  /** How often the schema was there to be looked at. */
  looks = 0;
  /** What the role could have done, once each. */
  readonly granted: string[] = [];
  private stopped = false;

  private constructor(
    private readonly client: Client,
    private readonly watching: Promise<void>,
  ) {}

  static async open(superuserUrl: string): Promise<RightsWatch> {
    const client = new Client({ connectionString: superuserUrl, application_name: 'rights-watch' });
    await client.connect();
    let begin = (): void => undefined;
    const begun = new Promise<void>((resolve) => (begin = resolve));
    const watch: RightsWatch = new RightsWatch(client, begun.then(() => watch.look()));
    begin();
    return watch;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.watching;
    await this.client.end();
  }

  private async look(): Promise<void> {
    while (!this.stopped) {
      const { rows } = await this.client.query<{ granted: string | null }>(RIGHTS);
      if (rows.length > 0) this.looks += 1;
      for (const { granted } of rows)
        if (granted !== null && !this.granted.includes(granted)) this.granted.push(granted);
      await sleep(100);
    }
  }
}

/** No row while there is no schema; null = it has nothing. */
const RIGHTS = `
SELECT (SELECT string_agg(what, ', ') FROM (
          SELECT 'schema cutover' AS what WHERE has_schema_privilege('app', n.oid, 'USAGE, CREATE')
           UNION ALL
          SELECT c.relname FROM pg_class c WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p', 'v', 'm')
             AND has_table_privilege('app', c.oid, 'SELECT, INSERT, UPDATE, DELETE')
           UNION ALL
          SELECT c.relname FROM pg_class c WHERE c.relnamespace = n.oid AND c.relkind = 'S'
             AND has_sequence_privilege('app', c.oid, 'USAGE, SELECT, UPDATE')) AS some) AS granted
  FROM pg_namespace n WHERE n.nspname = 'cutover'`;
