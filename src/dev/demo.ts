import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describeError } from '../core/failure';
import { ENDED, type RunState } from '../core/state';
import { awaitedTick } from '../core/waits';
import { compilePlanFile } from '../plan/compile-file';
import { sendOperate, startRun } from '../runtime/client';
import { connectTemporal, type TemporalClient } from '../runtime/temporal';
import { workflowIdFor } from '../runtime/workflow-id';
import { decideGate } from './demo-gates';
import { demoOptions, type DemoOptions } from './demo-options';
import { tickStep } from './demo-ticks';
import { RunWatch } from './demo-watch';
import { closeAll } from './on-exit';
import { createProgress } from './progress';
import { writeReport } from './demo-report';
import { openRunDir } from './run-dir';
import { schemaDump } from './schema-dump';
import { postgresFor, temporalFor, type TemporalAt } from './servers';
import { openStage, type Stage } from './stage';

const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** Runbook 003 on a live application, from an empty machine to a proof that no write was lost. Exit code 0 only then. */
async function demo(options: DemoOptions): Promise<number> {
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
    const state = await runThrough(client, stage, options, temporal);
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

async function runThrough(
  temporal: TemporalClient,
  stage: Stage,
  options: DemoOptions,
  at: TemporalAt,
): Promise<RunState> {
  const compiled = await compilePlanFile(join(stage.planFolder, 'plan.yaml'));
  if (!compiled.ok)
    throw new Error(`The demo's plan does not compile: ${compiled.problems.map((p) => JSON.stringify(p)).join('; ')}`);
  const { plan, digest } = compiled;
  const input = { plan, planDigest: digest, requestedBy: 'lead-1' };
  const started = await startRun({ temporal, taskQueue: 'cutover', input });
  if (!started.ok) throw new Error(started.reason);
  const { workflowId } = started;
  print(`\n${plan.name}: ${plan.steps.length} steps, plan ${digest}`);
  print(
    `In the Temporal UI: ${at.uiUrl ?? ''}/namespaces/default/workflows/${encodeURIComponent(workflowIdFor(plan.home, plan.name))}`,
  );
  print('The demo observes for 10 s instead of the 24 h of the plan file.');
  const watch = new RunWatch(temporal, workflowId, print);
  const desk = { temporal, workflowId, address: at.address, yes: options.yes, print };
  const asked = new Set<string>();
  for (;;) {
    const toTick = (s: RunState) => {
      const step = awaitedTick(plan, s);
      return step && !asked.has(step.id) ? step : undefined;
    };
    const { state } = await watch.until(
      (s) => ENDED.includes(s.status) || s.hold !== undefined || (openGate(s, asked) ?? toTick(s)) !== undefined,
    );
    if (ENDED.includes(state.status)) return state;
    const gate = openGate(state, asked);
    const byHand = toTick(state);
    if (gate && options.rollback && gate.phase === 'contract') {
      asked.add(gate.nonce ?? '');
      print('\n── rolling back after the cutover, instead of contract ──');
      for (const person of ['lead-1', 'dba-1']) await askRollback(temporal, workflowId, person, state);
    } else if (gate) {
      asked.add(gate.nonce ?? '');
      await decideGate(desk, plan, state, gate);
    } else if (byHand) {
      asked.add(byHand.id);
      await tickStep(desk, state, byHand);
    } else if (state.hold && options.yes) {
      throw new Error(`The run stands still: ${state.hold.reason}`);
    } else {
      await watch.until((s) => s.hold === undefined);
    }
  }
}

function openGate(state: RunState, asked: ReadonlySet<string>) {
  return state.gates.find((g) => g.status === 'open' && !asked.has(g.nonce ?? ''));
}

async function askRollback(
  temporal: TemporalClient,
  workflowId: string,
  person: string,
  state: RunState,
): Promise<void> {
  const sent = await sendOperate({
    temporal,
    workflowId,
    message: { verb: 'rollback', as: person, comment: 'demo --rollback', planDigest: state.run.planDigest },
  });
  print(
    sent.outcome === 'answered'
      ? `   ✔  ${sent.answer.message}`
      : `   ✗  ${person}: ${sent.outcome === 'refused' ? sent.reason : sent.outcome}`,
  );
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

function stayUntilInterrupted(): Promise<never> {
  print('\nEverything stays up until Ctrl-C.');
  return new Promise(() => setInterval(() => undefined, 60_000));
}

void (async () => {
  let code = 1;
  try {
    code = await demo(demoOptions(process.argv.slice(2)));
  } catch (error) {
    process.stderr.write(`\nThe demo ended early: ${describeError(error)}\n`);
  } finally {
    await closeAll();
  }
  process.exit(code);
})();
