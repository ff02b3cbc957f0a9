import { once } from 'node:events';
import { join } from 'node:path';
import { closeAll } from './on-exit';
import { createProgress, silent } from './progress';
import { projectRoot } from './project-root';
import { openRunDir } from './run-dir';
import { postgresFor, temporalFor, type TemporalAt } from './servers';
import { openStage, type Stage } from './stage';

export interface RunDev {
  /** Aborts at Ctrl-C. */
  readonly signal: AbortSignal;
  /** One JSON line when everything is up, nothing else. */
  readonly json: boolean;
  readonly env: NodeJS.ProcessEnv;
}

/** The stage of the demo without its people: everything runs, and what happens is said from another terminal. */
export async function runDev({ signal, json, env }: RunDev): Promise<number> {
  const progress = json ? silent : createProgress({ env });
  try {
    const runDir = openRunDir('dev', env);
    const temporal = await temporalFor(runDir, progress);
    const postgres = await postgresFor(runDir, progress);
    const stage = await openStage({
      runDir,
      progress,
      superuserUrl: postgres.server.superuserUrl,
      clients: postgres.clients,
      temporalAddress: temporal.address,
      rows: ROWS,
      rate: RATE,
      planChanges: [
        [/for: 24h/, 'for: 30s'],
        [/every: 1m/, 'every: 2s'],
      ],
    });
    const worker = await progress.step('the worker', () => stage.startWorker());
    if (json) process.stdout.write(`${JSON.stringify(readyLine(temporal, stage, worker.pid))}\n`);
    else for (const line of introduction(temporal, stage)) process.stdout.write(`${line}\n`);
    const ended = [stage.app, worker].map(async (process) => (await process.exited, 1));
    const stopped = signal.aborted ? Promise.resolve(0) : once(signal, 'abort').then(() => 0);
    return await Promise.race([stopped, ...ended]);
  } finally {
    await closeAll();
  }
}

function readyLine({ address, uiUrl }: TemporalAt, { planFolder, appUrl }: Stage, worker: number): object {
  return { ok: true, ready: true, address, ui: uiUrl ?? null, application: appUrl, planFolder, worker };
}

function introduction({ address, uiUrl }: TemporalAt, { planFolder, appUrl, runDir }: Stage): readonly string[] {
  return [
    '',
    'Everything is up:',
    `  Temporal     ${address}${uiUrl ? `, UI ${uiUrl}` : ''}`,
    `  application  ${appUrl}/health, with readers and writers at work`,
    `  worker       polls queue cutover; its log, and those of the others: ${runDir.file('logs')}`,
    `  plan         ${join(planFolder, 'plan.yaml')} (observes for 30 s instead of 24 h)`,
    '',
    'In another terminal:',
    `  cd ${planFolder}`,
    `  export TEMPORAL_ADDRESS=${address}`,
    `  alias cutover='node ${join(projectRoot(), 'lib', 'src', 'cli', 'main.js')}'`,
    '  cutover doctor --targets',
    '  cutover preview plan.yaml --live',
    '  cutover start plan.yaml --as lead-1',
    '  cutover watch                        (says what it waits for, and the command that goes on)',
    '  cutover approve expand --as dba-1',
    '',
    'Its people are lead-1, dba-1 and sre-1. Ctrl-C stops all of it and leaves nothing behind.',
  ];
}

const ROWS = 50_000;
/** Requests per second of the application's load. */
const RATE = 60;
