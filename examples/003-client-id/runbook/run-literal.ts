import { readFile } from 'node:fs/promises';
import { Client } from 'pg';
import { examplePath } from '../paths';

export interface LiteralRun {
  /** How long the script ran, and with it held what it had locked by then. */
  readonly ms: number;
}

/**
 * Runs phase_1_multitenant_schema.sql as the runbook has it, behind `url` (a connection as `owner`): one transaction, with
 * every table locked from its ALTER to the end. For tests that show what it does to a live application; never for anything else.
 */
export function runLiteral(url: string): Promise<LiteralRun> {
  return runScript(url, 'phase_1_multitenant_schema.sql');
}

/** Runs phase_1_rollback.sql: what the application wrote for an organisation is gone afterwards. */
export function rollbackLiteral(url: string): Promise<LiteralRun> {
  return runScript(url, 'phase_1_rollback.sql');
}

async function runScript(url: string, file: string): Promise<LiteralRun> {
  const sql = await readFile(examplePath('runbook', file), 'utf8');
  const client = new Client({ connectionString: url, application_name: 'literal-runbook' });
  await client.connect();
  try {
    const started = performance.now();
    await client.query(sql);
    return { ms: performance.now() - started };
  } finally {
    await client.end();
  }
}
