import { setTimeout as sleep } from 'node:timers/promises';
import { headline } from '../core/describe-run';
import type { CompiledPlan } from '../core/plan';
import type { RunState, StepState } from '../core/state';
import { readRun } from '../runtime/read-run';
import type { TemporalClient } from '../runtime/temporal';

/** Prints what the run does, a line per step, until `until` says that somebody else has to act. */
export class RunWatch {
  private readonly told = new Map<string, string>();

  constructor(
    private readonly temporal: TemporalClient,
    private readonly workflowId: string,
    private readonly print: (line: string) => void,
  ) {}

  async until(
    reached: (state: RunState) => boolean,
  ): Promise<{ readonly plan: CompiledPlan; readonly state: RunState }> {
    for (;;) {
      const view = await readRun({ temporal: this.temporal, workflowId: this.workflowId });
      if (view.kind === 'live') {
        this.tell(view.plan, view.state);
        if (reached(view.state)) return { plan: view.plan, state: view.state };
      }
      await sleep(250);
    }
  }

  private tell(plan: CompiledPlan, state: RunState): void {
    const order = state.direction === 'back' ? [...state.steps].reverse() : state.steps;
    for (const step of order) this.tellStep(plan, step);
    if (state.hold) this.once('hold', `${state.hold.at}`, `   !  ${headline(plan, state)}`);
  }

  private tellStep(plan: CompiledPlan, step: StepState): void {
    if (!['done', 'failed', 'undone', 'skipped'].includes(step.status)) return;
    const phase = plan.steps.find((s) => s.id === step.id)?.phase ?? '';
    const mark = MARKS[step.status] ?? '✓';
    if (step.status === 'done') this.once(`phase ${phase}`, phase, `\n${phase}`);
    this.once(
      step.id,
      `${step.status}/${step.round}`,
      `   ${mark}  ${step.id.padEnd(34)} ${String(step.ms ?? 0).padStart(6)} ms  ${step.summary ?? ''}`,
    );
  }

  private once(key: string, value: string, line: string): void {
    if (this.told.get(key) === value) return;
    this.told.set(key, value);
    this.print(line);
  }
}

const MARKS: Readonly<Partial<Record<StepState['status'], string>>> = { failed: '✗', undone: '↩', skipped: '»' };
