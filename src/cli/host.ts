import { userInfo } from 'node:os';
import type { Stream } from './output';

/** What the process gives to the CLI; tests give their own. */
export interface Host {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean | undefined };
  readonly stdout: Stream;
  readonly stderr: Stream;
  readonly env: NodeJS.ProcessEnv;
  /** Throws when the folder was deleted. */
  cwd(): string;
  /** undefined when this user has no name (a container's bare uid). */
  user(): string | undefined;
  /** Calls back at Ctrl-C and SIGTERM until the returned function is called. A second Ctrl-C ends the process at once. */
  onInterrupt(callback: () => void): () => void;
}

export function processHost(): Host {
  return {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    cwd: () => process.cwd(),
    user: () => {
      try {
        return userInfo().username;
      } catch {
        return process.env.USER;
      }
    },
    onInterrupt: (callback) => {
      const first = (): void => {
        for (const signal of SIGNALS) process.off(signal, first);
        callback();
      };
      for (const signal of SIGNALS) process.on(signal, first);
      return () => {
        for (const signal of SIGNALS) process.off(signal, first);
      };
    },
  };
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
