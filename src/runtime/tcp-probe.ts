import { connect } from 'node:net';
import { describeError } from '../core/failure';

/**
 * Why nothing listens at host:port, or undefined when something does. gRPC itself only tries again until its deadline and
 * then says no more than that.
 */
export async function tcpProblem(address: string, timeoutMs = 3_000): Promise<string | undefined> {
  const match = /^\[?(.*?)\]?:(\d+)$/.exec(address);
  if (!match?.[1] || !match[2]) return undefined;
  const socket = connect({ host: match[1], port: Number(match[2]), timeout: timeoutMs });
  try {
    return await new Promise<string | undefined>((resolve) => {
      socket.once('connect', () => resolve(undefined));
      socket.once('timeout', () => resolve(`no answer within ${timeoutMs / 1000} s`));
      socket.once('error', (error) => resolve(describeError(error)));
    });
  } finally {
    socket.destroy();
  }
}
