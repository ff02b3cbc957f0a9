import { ApplicationFailure, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/activities';
import { fold } from '../src/core/fold';
import type { InspectedRow } from '../src/core/inspect';
import { digestOf } from '../src/core/json';
import { firstBrokenRow } from '../src/core/ledger-row';
import type { RunInput } from '../src/core/run-input';
import type { Run } from './run';

/** Goes on with a run whose workflow was terminated: the ledger says what was done, and nothing else is believed. */
export async function adopt(run: Run, { run: id, by }: NonNullable<RunInput['adopt']>): Promise<void> {
  const rows = await ledgerOf(run, id);
  const broken = firstBrokenRow(rows);
  const plan = rows.find((r) => r.event === 'plan')?.body;
  const problem =
    rows.length === 0
      ? `target "${run.plan.home}" has no ledger of it`
      : broken
        ? `row ${broken.seq} of its ledger does not follow from the one before`
        : digestOf(plan) !== run.state.run.planDigest
          ? `it executes plan ${digestOf(plan)}, not ${run.state.run.planDigest}`
          : undefined;
  if (problem)
    throw ApplicationFailure.create({
      message: `Run ${id} cannot be adopted: ${problem}.`,
      type: 'Refused',
      nonRetryable: true,
    });
  run.state = fold({ plan: run.plan, run: { ...run.state.run, id }, people: run.state.people, rows });
  run.dispatch({ type: 'adopted', by, at: run.now() });
}

async function ledgerOf(run: Run, id: string): Promise<readonly InspectedRow[]> {
  const { readLedger } = proxyActivities<Activities>({
    startToCloseTimeout: '1m',
    retry: { maximumAttempts: 10 },
    summary: `read the ledger of ${id}`,
  });
  const rows: InspectedRow[] = [];
  for (;;) {
    const page = await readLedger({ home: run.plan.home, run: id, afterSeq: rows.at(-1)?.seq ?? 0, limit: 100 });
    rows.push(...page.rows);
    if (!page.more) return rows;
  }
}
