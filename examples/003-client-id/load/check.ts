import { parseArgs } from 'node:util';
import { archiveIn } from './archive';
import { checkWrites } from './check-writes';

/**
 * `OWNER_DATABASE_URL=… [ARCHIVE_URL=…] node check.js --log writes.jsonl [--expect-key]`: prints the report, and ends with 1
 * unless every acknowledged write was found and nothing else.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { log: { type: 'string' }, 'expect-key': { type: 'boolean' } } });
  const { OWNER_DATABASE_URL: ownerUrl, ARCHIVE_URL: archiveUrl } = process.env;
  if (values.log === undefined || ownerUrl === undefined)
    throw new Error('The check needs --log and OWNER_DATABASE_URL.');
  const report = await checkWrites({
    logFile: values.log,
    ownerUrl,
    expectKey: values['expect-key'] === true,
    ...(archiveUrl === undefined ? {} : { archive: archiveIn(archiveUrl) }),
  });
  const problems = [report.missing, report.wrong, report.refusedButPresent];
  const shortened = { missing: report.missing.slice(0, 5), wrong: report.wrong.slice(0, 5) };
  console.log(JSON.stringify({ ...report, ...shortened, problems: problems.map((list) => list.length) }, null, 2));
  if (report.found !== report.ok || problems.some((list) => list.length > 0)) process.exitCode = 1;
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
