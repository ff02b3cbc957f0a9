import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ENDED, type RunState } from '../../src/core/state';
import { awaitedTick } from '../../src/core/waits';
import { decideGate } from '../../src/dev/demo-gates';
import { tickStep } from '../../src/dev/demo-ticks';
import { RunWatch } from '../../src/dev/demo-watch';
import { compilePlanFile } from '../../src/plan/compile-file';
import { startRun } from '../../src/runtime/client';
import type { TemporalClient } from '../../src/runtime/temporal';

/** Starts the plan of a folder and goes with it to its end; the demo's people decide the gates and tick what is theirs. */
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
  const openGate = (s: RunState) => s.gates.find((g) => g.status === 'open' && !asked.has(g.nonce ?? ''));
  const toTick = (s: RunState) => [awaitedTick(plan, s)].find((step) => step !== undefined && !asked.has(step.id));
  for (;;) {
    const { state } = await watch.until(
      (s) => ENDED.includes(s.status) || s.hold !== undefined || (openGate(s) ?? toTick(s)) !== undefined,
    );
    if (state.status === 'done') return { state, workflowId };
    const [gate, byHand] = [openGate(state), toTick(state)];
    if (gate) {
      asked.add(gate.nonce ?? '');
      await decideGate(desk, plan, state, gate);
    } else if (byHand) {
      asked.add(byHand.id);
      await tickStep(desk, state, byHand);
    } else {
      throw new Error(
        `The run did not go through: ${state.status}, ${state.hold?.reason ?? state.rollbackReason ?? 'no reason given'}`,
      );
    }
  }
}

/** Memory of a process: now, or the most that it ever held. */
export async function residentKb(pid: number, field: 'VmRSS' | 'VmHWM'): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? Number.NaN);
}
