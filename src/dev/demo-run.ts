import { join } from 'node:path';
import { peopleWith } from '../core/people';
import { ENDED, type RunState } from '../core/state';
import { awaitedTick } from '../core/waits';
import { compilePlanFile } from '../plan/compile-file';
import { sendOperate, startRun } from '../runtime/client';
import type { TemporalClient } from '../runtime/temporal';
import { workflowIdFor } from '../runtime/workflow-id';
import { decideGate } from './demo-gates';
import type { DemoOptions } from './demo-options';
import { tickStep } from './demo-ticks';
import { RunWatch } from './demo-watch';
import type { TemporalAt } from './servers';

export const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** Starts the plan of a folder and goes with it to its end: gates, manual steps, and the rollback where it was asked for. */
export async function runThrough(
  temporal: TemporalClient,
  planFolder: string,
  options: Pick<DemoOptions, 'yes' | 'rollback'>,
  at: TemporalAt,
): Promise<RunState> {
  const compiled = await compilePlanFile(join(planFolder, 'plan.yaml'));
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
      for (const { role } of plan.gates.contract?.require ?? []) {
        const person = peopleWith(state.people, role)[0];
        if (person) await askRollback(temporal, workflowId, person, state);
      }
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
