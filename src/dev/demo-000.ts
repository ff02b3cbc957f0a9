import { resolve } from 'node:path';
import type { RunState } from '../core/state';
import { connectTemporal } from '../runtime/temporal';
import type { DemoOptions } from './demo-options';
import { writeReport } from './demo-report';
import { print, runThrough } from './demo-run';
import { stayUntilInterrupted } from './demo-stay';
import { openMkProptech, type MkProptechStage } from './mk-proptech-stage';
import { createProgress } from './progress';
import { openRunDir } from './run-dir';
import { mongoFor, temporalFor } from './servers';

/** Runbook 000 on a live application, from an empty machine to a proof that no write was lost. Exit code 0 only then. */
export async function demo000(options: DemoOptions): Promise<number> {
  const runDir = openRunDir('demo');
  const progress = createProgress();
  const temporal = await temporalFor(runDir, progress);
  const mongo = await mongoFor(runDir, progress);
  const stage = await openMkProptech({
    runDir,
    progress,
    rootUri: mongo.rootUri,
    temporalAddress: temporal.address,
    documents: options.rows,
    rate: options.rate,
    planChanges: [
      [/for: 24h/, 'for: 10s'],
      [/every: 1m/, 'every: 1s'],
    ],
  });
  await progress.step('the worker', () => stage.startWorker());
  const client = await connectTemporal({ address: temporal.address, namespace: 'default' });
  try {
    const state = await runThrough(client, stage.planFolder, options, temporal);
    const report = await writeReport(client, state, resolve('.cutover', 'demo-000'));
    const good = await proveWrites(stage, options, state, mongo.name);
    print(`report       ${report}`);
    print(
      `Temporal UI  ${temporal.uiUrl ?? temporal.address}${options.keep ? '' : ' (gone when this command ends; --keep leaves it up)'}`,
    );
    const reached = state.status === (options.rollback ? 'rolled-back' : 'done');
    if (options.keep) await stayUntilInterrupted();
    return good && reached ? 0 : 1;
  } finally {
    await client.close();
  }
}

async function proveWrites(
  stage: MkProptechStage,
  options: DemoOptions,
  state: RunState,
  server: string,
): Promise<boolean> {
  const writes = await stage.checkWrites(options.rollback ? undefined : 'tenant-default');
  const freeze = state.steps.find((s) => s.figures?.['heldMs'] !== undefined);
  const stamped = state.steps
    .filter((s) => s.id.startsWith('backfill/stamp'))
    .reduce((sum, s) => sum + Number(s.figures?.['rows'] ?? 0), 0);
  const summary = (stage.load.latest('summary') ?? {}) as Readonly<Record<string, unknown>>;
  print('\n── result ──────────────────────────────────────────────────────────────');
  print(`server       ${server}`);
  print(`outcome      ${state.status}${state.rollbackReason ? ` (${state.rollbackReason})` : ''}`);
  print(`stamped      ${stamped.toLocaleString('en')} documents`);
  print(
    `freeze held  ${freeze?.figures?.['heldMs'] ?? '?'} ms; announced were ${Number(freeze?.figures?.['announcedMs'] ?? 0) / 60_000} min`,
  );
  print(
    `application  ${Number(summary['ok'] ?? 0)} writes ok, ${Number(summary['refused'] ?? 0)} refused, ${Number(summary['unknown'] ?? 0)} unknown; p99 ${String(summary['p99'] ?? '?')} ms; ${String(summary['leaks'] ?? '?')} leaks between tenants`,
  );
  const told = stage.webhooks.told.map(({ event }) => event).join(', ');
  print(`webhook      ${stage.webhooks.told.length} signed messages (${told}), ${stage.webhooks.forged()} forged`);
  print(
    `\n${writes.ok} writes promised, ${writes.found} found, ${writes.unknown} unknown${writes.refused > 0 ? `, ${writes.refused} refused` : ''}${options.rollback ? `, ${writes.inArchive} values in the archive` : ''}`,
  );
  const problems = [
    ...writes.missing,
    ...writes.wrong,
    ...writes.refusedButPresent.map((k) => `${k}: refused, but there`),
  ];
  for (const problem of problems.slice(0, 10)) print(`   ✗  ${problem}`);
  return problems.length === 0 && writes.found === writes.ok && writes.ok > 0 && Number(summary['leaks'] ?? 1) === 0;
}
