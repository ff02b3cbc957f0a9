/**
 * `npm test`: lint and types, the build, then the jest projects one after another. The last line is the sum of them all:
 * `N passed, N failed`, with skipped tests named by their own titles before it.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = await mkdtemp(join(tmpdir(), 'cutover-test-'));
const totals = { passed: 0, failed: 0, skipped: [] };
const only = process.argv.slice(2);

/** A check that is no jest test counts as one: it passed or it failed. */
async function check(title, command, args) {
  process.stdout.write(`\n▸ ${title}\n`);
  const code = await run(command, args);
  if (code === 0) totals.passed += 1;
  else totals.failed += 1;
  return code === 0;
}

function run(command, args, env = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: 'inherit', env: { ...process.env, ...env } });
    child.once('error', () => resolve(127));
    child.once('exit', (code, signal) => resolve(code ?? (signal ? 1 : 0)));
  });
}

async function jest(project, title) {
  if (only.length > 0 && !only.includes(project)) return;
  process.stdout.write(`\n▸ ${title}\n`);
  const out = join(folder, `${project}.json`);
  const code = await run(
    process.execPath,
    [
      'node_modules/jest/bin/jest.js',
      '--selectProjects',
      project,
      '--runInBand',
      '--json',
      `--outputFile=${out}`,
      '--testLocationInResults',
    ],
    {
      NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --experimental-vm-modules`.trim(),
    },
  );
  let results;
  try {
    results = JSON.parse(await readFile(out, 'utf8'));
  } catch {
    totals.failed += 1;
    return;
  }
  totals.passed += results.numPassedTests;
  totals.failed +=
    results.numFailedTests +
    results.testResults.filter((r) => r.status === 'failed' && r.assertionResults.length === 0).length;
  if (code !== 0 && results.numFailedTests === 0 && results.numRuntimeErrorTestSuites === 0) totals.failed += 1;
  for (const file of results.testResults) {
    for (const test of file.assertionResults)
      if (test.status === 'pending' || test.status === 'todo') totals.skipped.push(test.fullName);
  }
}

if (only.length === 0) {
  await check('types', 'npx', ['--no-install', 'tsc', '-p', 'tsconfig.json', '--noEmit', '--incremental', 'false']);
  await check('lint: one-way imports, no any, small files', 'npx', ['--no-install', 'eslint', '.']);
  await check('format', 'npx', ['--no-install', 'prettier', '--check', '--log-level', 'warn', '.']);
}
const built = await check('build', 'npm', ['run', '--silent', 'build']);
if (built) {
  await jest('unit', 'unit: decisions, plans, text');
  await jest('replay', 'replay: recorded histories against today’s workflows');
  await jest('integration', 'integration: real servers');
  await jest('fault', 'fault: killed, stopped, cut off');
}
await rm(folder, { recursive: true, force: true });
for (const title of totals.skipped) process.stdout.write(`skipped: ${title}\n`);
const skipped = totals.skipped.length > 0 ? `, ${totals.skipped.length} skipped` : '';
process.stdout.write(`\n${totals.passed} passed, ${totals.failed} failed${skipped}\n`);
process.exitCode = totals.failed === 0 && totals.passed > 0 ? 0 : 1;
