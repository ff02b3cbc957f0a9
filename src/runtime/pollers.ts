import type { Connection } from '@temporalio/client';

export interface Pollers {
  /** Identities that asked for work in the last minute, newest first. */
  readonly workers: readonly { readonly identity: string; readonly lastSeen: string }[];
}

export interface PollersQuery {
  readonly connection: { readonly workflowService: Pick<Connection['workflowService'], 'describeTaskQueue'> };
  readonly namespace: string;
  readonly taskQueue: string;
  readonly now: number;
}

/** Who polls the queue. The server remembers a poller for five minutes after its end, so older ones do not count. */
export async function pollersOf({ connection, namespace, taskQueue, now }: PollersQuery): Promise<Pollers> {
  const { pollers } = await connection.workflowService.describeTaskQueue({
    namespace,
    taskQueue: { name: taskQueue },
    taskQueueType: WORKFLOW_QUEUE,
  });
  const seen = (pollers ?? []).map((p) => ({
    identity: p.identity ?? 'unknown',
    at: Number(p.lastAccessTime?.seconds ?? 0) * 1000,
  }));
  return {
    workers: seen
      .filter((p) => now - p.at < FRESH_MS)
      .sort((a, b) => b.at - a.at)
      .map((p) => ({ identity: p.identity, lastSeen: new Date(p.at).toISOString() })),
  };
}

const WORKFLOW_QUEUE = 1;
/** A poll lasts up to a minute; a little over that. */
const FRESH_MS = 75_000;
