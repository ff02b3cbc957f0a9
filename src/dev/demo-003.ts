import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { RunState } from '../core/state';
import { connectTemporal } from '../runtime/temporal';
import { print, runThrough } from './demo-run';
import type { DemoOptions } from './demo-options';
import { createProgress } from './progress';
import { stayUntilInterrupted } from './demo-stay';
import { writeReport } from './demo-report';
import { openRunDir } from './run-dir';
import { schemaDump } from './schema-dump';
import { postgresFor, temporalFor } from './servers';
import { openStage, type Stage } from './stage';

/** Runbook 003 on a live application, from an empty machine to a proof that no write was lost. Exit code 0 only then. */
export async function demo003(options: DemoOptions): Promise<number> {
  const runDir = openRunDir('demo');
  const progress = createProgress();
  const temporal = await temporalFor(runDir, progress);
  const postgres = await postgresFor(runDir, progress);
  const stage = await openStage({
    runDir,
    progress,
    superuserUrl: postgres.server.superuserUrl,
    clients: postgres.clients,
    temporalAddress: temporal.address,
    rows: options.rows,
    rate: options.rate,
    planChanges: [
      [/for: 24h/, 'for: 10s'],
      [/every: 1m/, 'every: 1s'],
    ],
  });
  const schemaBefore = await schemaDump(postgres.clients, stage.urls.superuser);
  await progress.step('the worker', () => stage.startWorker());
  const client = await connectTemporal({ address: temporal.address, namespace: 'default' });
  try {
    const state = await runThrough(client, stage.planFolder, options, temporal);
    const report = await writeReport(client, state, resolve('.cutover', 'demo'));
    const good = await proveWrites(stage, options, state);
    const same = options.rollback
      ? compareSchemas(schemaBefore, await schemaDump(postgres.clients, stage.urls.superuser), await mkReportDir())
      : Promise.resolve(true);
    print(`report       ${report}`);
    print(
      `Temporal UI  ${temporal.uiUrl ?? temporal.address}${options.keep ? '' : ' (gone when this command ends; --keep leaves it up)'}`,
    );
    const reached = state.status === (options.rollback ? 'rolled-back' : 'done');
    if (options.keep) await stayUntilInterrupted();
    return good && (await same) && reached ? 0 : 1;
  } finally {
    await client.close();
  }
}

async function proveWrites(stage: Stage, options: DemoOptions, state: RunState): Promise<boolean> {
  const writes = await stage.checkWrites(!options.rollback);
  const freeze = state.steps.find((s) => s.id.startsWith('cutover/') && s.figures?.['heldMs'] !== undefined);
  const summary = stage.load.latest('summary');
  const reader = stage.reader.latest('summary');
  print('\n── result ──────────────────────────────────────────────────────────────');
  print(`outcome      ${state.status}${state.rollbackReason ? ` (${state.rollbackReason})` : ''}`);
  print(`rows stamped ${stampedRows(state)}`);
  print(
    `freeze held  ${freeze?.figures?.['heldMs'] ?? '?'} ms over ${freeze?.figures?.['tables'] ?? '?'} tables in ${freeze?.figures?.['tries'] ?? '?'} try`,
  );
  print(
    `application  ${Number(summary?.['ok'] ?? 0)} writes ok, ${Number(summary?.['refused'] ?? 0)} refused, ${Number(summary?.['unknown'] ?? 0)} unknown; p99 ${String(summary?.['p99'] ?? '?')} ms; ${String(summary?.['readErrors'] ?? '?')} failed reads, ${String(summary?.['leaks'] ?? '?')} leaks between organisations`,
  );
  print(
    `prepared     ${String(reader?.['reads'] ?? '?')} prepared SELECT * answered, ${String(reader?.['reprepared'] ?? '?')} prepared again after 0A000, ${String(reader?.['failed'] ?? '?')} failed`,
  );
  print(
    `\n${writes.promised} writes promised, ${writes.found} found, ${writes.unknown} unknown${writes.refused > 0 ? `, ${writes.refused} refused` : ''}${options.rollback ? `, ${writes.inArchive} values in the archive` : ''}`,
  );
  const problems = [
    ...writes.missing,
    ...writes.wrong,
    ...writes.refusedButPresent.map((k) => `${k}: refused, but there`),
  ];
  for (const problem of problems.slice(0, 10)) print(`   ✗  ${problem}`);
  return problems.length === 0 && writes.found === writes.ok && writes.ok > 0 && Number(summary?.['leaks'] ?? 1) === 0;
}

function stampedRows(state: RunState): string {
  const rows = state.steps
    .filter((s) => s.id.startsWith('backfill/stamp'))
    .map((s) => Number(s.figures?.['rows'] ?? 0));
  return `${rows.reduce((a, b) => a + b, 0).toLocaleString('en')} in ${rows.length} tables`;
}

async function mkReportDir(): Promise<string> {
  const dir = resolve('.cutover', 'demo');
  await mkdir(dir, { recursive: true });
  return dir;
}

async function compareSchemas(before: string, after: string, dir: string): Promise<boolean> {
  await writeFile(join(dir, 'schema-before.sql'), before);
  await writeFile(join(dir, 'schema-after.sql'), after);
  const same = before === after;
  print(
    `schema       pg_dump -s without schema cutover: before ${same ? '=' : '≠'} after (${dir}/schema-{before,after}.sql)`,
  );
  return same;
}
