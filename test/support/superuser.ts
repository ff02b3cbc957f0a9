import { Client } from 'pg';

/** Breaking is no error: a test restarts the server. */
export async function connect(url: string): Promise<Client> {
  const client = new Client({ connectionString: url, application_name: 'fault-test' });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** The tool's schema comes with the first verb. */
export function ignoreMissing(error: unknown): number {
  const code = (error as { code?: string }).code;
  if (code === '42P01' || code === '3F000') return 0;
  throw error;
}
