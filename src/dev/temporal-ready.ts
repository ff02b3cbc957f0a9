import { setTimeout as pause } from 'node:timers/promises';
import { Connection } from '@temporalio/client';

export interface TemporalReadiness {
  readonly address: string;
  /** Names that must be registered: a workflow that uses an unregistered one is stuck, not failed. */
  readonly searchAttributes: readonly string[];
  readonly patience: number;
  /** Whether waiting has become pointless. */
  readonly gone?: () => boolean;
}

/**
 * Returns when the server answers for namespace `default` and knows the search attributes; asks every 100 ms.
 *
 * @throws the last answer when patience ends or the server is gone.
 */
export async function temporalReady(wanted: TemporalReadiness): Promise<void> {
  const deadline = Date.now() + wanted.patience;
  for (;;) {
    try {
      return await ask(wanted);
    } catch (error) {
      if (wanted.gone?.() === true || Date.now() > deadline) throw error;
    }
    await pause(100);
  }
}

async function ask({ address, searchAttributes }: TemporalReadiness): Promise<void> {
  const connection = await Connection.connect({ address, connectTimeout: 2000 });
  try {
    await connection.workflowService.describeNamespace({ namespace: 'default' });
    if (searchAttributes.length === 0) return;
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace: 'default' });
    const missing = searchAttributes.filter((name) => !(name in customAttributes));
    if (missing.length > 0) {
      throw new Error(
        `The Temporal server at ${address} does not know the search attributes ${missing.join(', ')}; register them with \`temporal operator search-attribute create\`.`,
      );
    }
  } finally {
    await connection.close();
  }
}
