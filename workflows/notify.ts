import { CancellationScope, condition, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/activities';
import type { RunEvent } from '../src/core/events';
import { noticeOf, standing, type Notice } from '../src/core/notices';
import type { CompiledPlan } from '../src/core/plan';
import type { RunState } from '../src/core/state';

/**
 * Tells people what happened, beside the run: a webhook that does not answer delays nothing, and what it was told
 * changes neither target nor ledger. What is under way is waited for before the history ends, for a minute at most.
 */
export class Notifier {
  private readonly underWay = new Set<Promise<void>>();
  private stopped = false;

  constructor(private readonly plan: CompiledPlan) {}

  told(state: RunState, event: RunEvent): void {
    if (!this.plan.notify) return;
    const notice = noticeOf(this.plan, state, event);
    if (notice) this.tell(state, notice, (on) => notice.event !== 'tick' && on.includes(notice.event));
  }

  /** How it stands, every so often, until the run ends or its history is handed over; a cancel does not stop it. */
  startClocks(state: () => RunState): void {
    for (const [place, { everyMs, webhook }] of (this.plan.notify ?? []).entries()) {
      if (everyMs === undefined) continue;
      const summary = `tell ${webhook} how it stands`;
      void CancellationScope.nonCancellable(async () => {
        while (!(await condition(() => this.stopped, everyMs, { summary })))
          this.tell(state(), standing(this.plan, state(), new Date().toISOString()), (_on, i) => i === place);
      });
    }
  }

  async settle(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.underWay);
  }

  private tell(state: RunState, notice: Notice, wants: (on: readonly string[], place: number) => boolean): void {
    const { notify } = proxyActivities<Activities>({
      startToCloseTimeout: '10s',
      scheduleToCloseTimeout: '1m',
      retry: { initialInterval: '1s', maximumInterval: '20s' },
      summary: `tell people: ${notice.event} ${notice.subject}`.slice(0, 190),
    });
    for (const [place, { webhook, on }] of (this.plan.notify ?? []).entries()) {
      if (!wants(on, place)) continue;
      const asked = CancellationScope.nonCancellable(() => notify({ webhook, run: state.run, ...notice }));
      const sent: Promise<void> = asked.then(
        () => undefined,
        // The history has the failure; the run has better things to do.
        () => undefined,
      );
      this.underWay.add(sent);
      void sent.then(() => this.underWay.delete(sent));
    }
  }
}
