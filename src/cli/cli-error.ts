import type { ExitCode } from './exit-codes';

/** Ends a command with a code and a sentence; `advice` says what to do next. */
export class CliError extends Error {
  constructor(
    readonly exitCode: ExitCode,
    message: string,
    readonly advice: readonly string[] = [],
  ) {
    super(message);
    this.name = 'CliError';
  }
}
