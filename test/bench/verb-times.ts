import type { TemporalClient } from '../../src/runtime/temporal';

/** One activity as the history has it. Milliseconds. */
export interface ActivityTime {
  /** `do key`, or the activity's name where it is no verb. */
  readonly what: string;
  readonly step: string;
  /** From scheduled to completed. */
  readonly ms: number;
  /** From scheduled to started. */
  readonly waitMs: number;
  /** What it waited for the database, as it says itself. */
  readonly sqlMs?: number;
  /** On the worker, as it says itself. */
  readonly workMs?: number;
}

/** All activities of a workflow that completed, in order. */
export async function activityTimes({ client }: TemporalClient, workflowId: string): Promise<readonly ActivityTime[]> {
  const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
  const byId = new Map((events ?? []).map((e) => [String(e.eventId), e]));
  return (events ?? []).flatMap((completed) => {
    const attributes = completed.activityTaskCompletedEventAttributes;
    const scheduled = byId.get(String(attributes?.scheduledEventId));
    const started = byId.get(String(attributes?.startedEventId));
    if (!attributes || !scheduled || !started) return [];
    const about = scheduled.activityTaskScheduledEventAttributes;
    const kind = about?.activityType?.name ?? '?';
    const input = payload(about?.input?.payloads?.[0]?.data);
    const result = payload(attributes.result?.payloads?.[0]?.data);
    const verb = typeof input['verb'] === 'string' ? input['verb'] : undefined;
    return [
      {
        what: verb ? `${verb} ${kind}` : kind,
        step: String((input['step'] as { id?: string } | undefined)?.id ?? kind),
        ms: at(completed.eventTime) - at(scheduled.eventTime),
        waitMs: at(started.eventTime) - at(scheduled.eventTime),
        ...(verb && typeof result['sqlMs'] === 'number' ? { sqlMs: result['sqlMs'] } : {}),
        ...(verb && typeof result['ms'] === 'number' ? { workMs: result['ms'] } : {}),
      },
    ];
  });
}

interface Stamp {
  readonly seconds?: unknown;
  readonly nanos?: number | null;
}

function at(stamp: Stamp | null | undefined): number {
  return Number(stamp?.seconds ?? 0) * 1000 + (stamp?.nanos ?? 0) / 1e6;
}

function payload(data: Uint8Array | null | undefined): Readonly<Record<string, unknown>> {
  if (!data || data.length === 0) return {};
  const value: unknown = JSON.parse(Buffer.from(data).toString('utf8'));
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
