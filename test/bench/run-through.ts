import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ENDED, type RunState } from '../../src/core/state';
import { decideGate } from '../../src/dev/demo-gates';
import { RunWatch } from '../../src/dev/demo-watch';
import { compilePlanFile } from '../../src/plan/compile-file';
import { startRun } from '../../src/runtime/client';
import type { TemporalClient } from '../../src/runtime/temporal';

/** Starts the plan of a folder and goes with it to its end; the demo's people decide the gates. */
export async function runThrough(
  temporal: TemporalClient,
  planFolder: string,
  taskQueue: string,
): Promise<{ state: RunState; workflowId: string }> {
  const compiled = await compilePlanFile(join(planFolder, 'plan.yaml'));
  if (!compiled.ok) throw new Error(`The example's plan does not compile: ${JSON.stringify(compiled.problems)}`);
  const { plan, digest: planDigest } = compiled;
  const started = await startRun({ temporal, taskQueue, input: { plan, planDigest, requestedBy: 'lead-1' } });
  if (!started.ok) throw new Error(started.reason);
  const { workflowId } = started;
  const mute = (): void => undefined;
  const watch = new RunWatch(temporal, workflowId, mute);
  const desk = { temporal, workflowId, address: '', yes: true, print: mute };
  const asked = new Set<string>();
  const open = (s: RunState) => s.gates.find((g) => g.status === 'open' && !asked.has(g.nonce ?? ''));
  for (;;) {
    const { state } = await watch.until(
      (s) => ENDED.includes(s.status) || s.hold !== undefined || open(s) !== undefined,
    );
    if (state.status === 'done') return { state, workflowId };
    const gate = open(state);
    if (!gate)
      throw new Error(
        `The run did not go through: ${state.status}, ${state.hold?.reason ?? state.rollbackReason ?? 'no reason given'}`,
      );
    asked.add(gate.nonce ?? '');
    await decideGate(desk, plan, state, gate);
  }
}

/** Memory of a process: now, or the most that it ever held. */
export async function residentKb(pid: number, field: 'VmRSS' | 'VmHWM'): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? Number.NaN);
}
