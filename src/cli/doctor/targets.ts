import type { TargetReport } from '../../core/target-report';
import { askWorker } from '../../runtime/ask-worker';
import type { Config } from '../../runtime/config';
import type { TemporalClient } from '../../runtime/temporal';
import type { Finding } from './finding';

/** What the worker finds at its targets: this machine may reach none of them. */
export async function askForTargets(temporal: TemporalClient, { taskQueue }: Config): Promise<readonly TargetReport[]> {
  const what = 'ask every target of the worker';
  const answer = await askWorker({
    temporal,
    taskQueue,
    workflow: 'doctor',
    target: 'all',
    input: null,
    what,
    patience: 90,
  });
  return Array.isArray(answer) ? (answer as readonly TargetReport[]) : [];
}

export function targetFindings(reports: readonly TargetReport[]): readonly Finding[] {
  return reports.flatMap(({ name, facts, problems, warnings }) => {
    const label = `target ${name}`;
    const told = Object.entries(facts).map(([fact, value]) => (fact === 'version' ? value : `${fact} ${value}`));
    return [
      ...(problems.length === 0 ? [{ name: label, verdict: 'ok' as const, found: told.join(', ') }] : []),
      ...problems.map((found) => ({ name: label, verdict: 'bad' as const, found })),
      ...warnings.map((found) => ({ name: label, verdict: 'warn' as const, found })),
    ];
  });
}
