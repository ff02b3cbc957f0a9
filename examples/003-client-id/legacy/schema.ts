import { readFile } from 'node:fs/promises';
import { Client } from 'pg';
import { examplePath } from '../paths';

/** Creates the legacy tables behind `url`, a connection as `owner` to an empty database with the role `app` in its cluster. */
export async function createLegacySchema(url: string): Promise<void> {
  const sql = await readFile(examplePath('legacy', 'schema.sql'), 'utf8');
  const client = new Client({ connectionString: url, application_name: 'example-schema' });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
