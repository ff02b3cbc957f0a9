import type { Connection } from '@temporalio/client';

/** Older servers lack what gates are made of. */
const OLDEST = [1, 29] as const;

/**
 * @throws when the server is too old; an unknown version (a cloud service names none) passes.
 */
export async function requireServerVersion(connection: {
  readonly workflowService: Pick<Connection['workflowService'], 'getSystemInfo'>;
}): Promise<string> {
  const { serverVersion } = await connection.workflowService.getSystemInfo({});
  const [major, minor] = (serverVersion ?? '').split('.').map(Number);
  if (major === undefined || minor === undefined || Number.isNaN(major) || Number.isNaN(minor))
    return serverVersion || 'unknown';
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
    throw new Error(
      `The Temporal server has version ${serverVersion}; cutover needs ${OLDEST.join('.')} or newer. Upgrade the server.`,
    );
  }
  return serverVersion;
}
