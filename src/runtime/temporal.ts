import { Client, Connection, type ConnectionOptions } from '@temporalio/client';
import { describeError } from '../core/failure';
import { PAYLOAD_CONVERTER_PATH } from './bundle-path';
import { redact } from './redact';
import { tcpProblem } from './tcp-probe';
import type { TemporalSettings } from './temporal-settings';

/** The server does not answer, or not for this namespace. The message says where it was looked for and what to do. */
export class TemporalUnreachable extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'TemporalUnreachable';
  }
}

export interface TemporalClient {
  readonly client: Client;
  readonly connection: Connection;
  close(): Promise<void>;
}

/**
 * Connects, and asks for the namespace, so that a wrong one is told here and not by the first call.
 *
 * @throws TemporalUnreachable
 */
export async function connectTemporal(settings: TemporalSettings): Promise<TemporalClient> {
  const problem = await tcpProblem(settings.address);
  let connection: Connection;
  try {
    // A proxy may lead there all the same, so it is tried; only not for long.
    connection = await Connection.connect({
      ...connectionOptions(settings),
      connectTimeout: problem === undefined ? CONNECT_MS : PROXY_MS,
    });
  } catch (error) {
    throw unreachable(settings, problem ?? error);
  }
  try {
    await requireNamespace(connection, settings);
  } catch (error) {
    await connection.close();
    throw error;
  }
  const client = new Client({
    connection,
    namespace: settings.namespace,
    dataConverter: { payloadConverterPath: PAYLOAD_CONVERTER_PATH },
  });
  return { client, connection, close: () => connection.close() };
}

/** The same for the CLI's connection and the worker's. */
export function connectionOptions(
  settings: TemporalSettings,
): Pick<ConnectionOptions, 'address'> & { tls?: object; apiKey?: string } {
  return {
    address: settings.address,
    ...(settings.tls ? { tls: settings.tls } : {}),
    ...(settings.apiKey ? { apiKey: settings.apiKey() } : {}),
  };
}

export function unreachable(settings: TemporalSettings, cause: unknown): TemporalUnreachable {
  return new TemporalUnreachable(
    `No Temporal server answers at ${settings.address} (${redact(describeError(cause))}); start one, or set TEMPORAL_ADDRESS to its host:port` +
      `${settings.tls ? '' : ' (and TEMPORAL_TLS=true if it asks for TLS)'}.`,
    { cause },
  );
}

interface NamespaceService {
  readonly workflowService: Pick<Connection['workflowService'], 'describeNamespace'>;
}

export async function requireNamespace(connection: NamespaceService, settings: TemporalSettings): Promise<void> {
  try {
    await connection.workflowService.describeNamespace({ namespace: settings.namespace });
  } catch (error) {
    if (grpcCode(error) === NOT_FOUND) {
      throw new TemporalUnreachable(
        `The Temporal server at ${settings.address} has no namespace "${settings.namespace}"; set TEMPORAL_NAMESPACE, or create it with ` +
          `\`temporal operator namespace create --address ${settings.address} --namespace ${settings.namespace}\`.`,
        { cause: error },
      );
    }
    throw unreachable(settings, error);
  }
}

/** The gRPC status of whatever was thrown, or of what caused it. */
export function grpcCode(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  if ('code' in error && typeof error.code === 'number') return error.code;
  return 'cause' in error ? grpcCode(error.cause) : undefined;
}

/** Whether the server is away for a while (restarted, overloaded, cut off), so that asking again may help. */
export function isAway(error: unknown): boolean {
  if (error instanceof TemporalUnreachable) return true;
  const code = grpcCode(error);
  return code !== undefined && PASSING.includes(code);
}

/** CANCELLED, UNKNOWN, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, ABORTED, INTERNAL, UNAVAILABLE. */
const PASSING: readonly number[] = [1, 2, 4, 8, 10, 13, 14];
const CONNECT_MS = 5_000;
const PROXY_MS = 700;
const NOT_FOUND = 5;
