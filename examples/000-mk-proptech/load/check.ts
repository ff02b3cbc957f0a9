import { parseArgs } from 'node:util';
import { checkWrites } from './check-writes';

/**
 * `MONGO_URL=… DB_NAME=… node check.js --log writes.jsonl [--expect-key TENANT_ID]`: prints the report, and ends with 1
 * unless every acknowledged write was found and nothing else.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { log: { type: 'string' }, 'expect-key': { type: 'string' } } });
  const { MONGO_URL: uri, DB_NAME: database } = process.env;
  if (values.log === undefined || uri === undefined || database === undefined)
    throw new Error('The check needs --log, MONGO_URL and DB_NAME.');
  const report = await checkWrites({ logFile: values.log, uri, database, expectKey: values['expect-key'] });
  const problems = [report.missing, report.wrong, report.refusedButPresent];
  const shortened = { missing: report.missing.slice(0, 5), wrong: report.wrong.slice(0, 5) };
  console.log(JSON.stringify({ ...report, ...shortened, problems: problems.map((list) => list.length) }, null, 2));
  if (report.found !== report.ok || problems.some((list) => list.length > 0)) process.exitCode = 1;
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
