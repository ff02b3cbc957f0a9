import { describeError } from '../core/failure';
import { renderProblem, type Problem } from '../plan/problem';
import { FileProblems } from '../runtime/problem';
import { WorkerSilent } from '../runtime/ask-worker';
import { redact } from '../runtime/redact';
import { grpcCode, TemporalUnreachable } from '../runtime/temporal';
import { CliError } from './cli-error';
import { EXIT, type ExitCode } from './exit-codes';
import type { Output } from './output';

/** Says what went wrong, for a person or as JSON, and gives the exit code. */
export function failWith(error: unknown, out: Output): ExitCode {
  const { exitCode, message, lines, problems } = explain(error);
  out.data({ ok: false, exitCode, error: message, ...(problems ? { problems } : {}) });
  out.remark(`${out.paint('red', 'error:')} ${message}`);
  for (const line of lines) out.remark(line);
  return exitCode;
}

interface Explained {
  readonly exitCode: ExitCode;
  readonly message: string;
  readonly lines: readonly string[];
  readonly problems?: unknown;
}

function explain(error: unknown): Explained {
  if (error instanceof CliError) return { exitCode: error.exitCode, message: error.message, lines: error.advice };
  if (error instanceof FileProblems) {
    const count = error.problems.length;
    return {
      exitCode: EXIT.usage,
      message: `${error.file} has ${count === 1 ? 'a problem' : `${count} problems`}:`,
      lines: error.problems.map(lineOf),
      problems: error.problems,
    };
  }
  if (error instanceof TemporalUnreachable) return { exitCode: EXIT.unreachable, message: error.message, lines: [] };
  if (error instanceof WorkerSilent) return { exitCode: EXIT.noWorker, message: error.message, lines: [] };
  const message = redact(describeError(error));
  switch (grpcCode(error)) {
    case UNAVAILABLE:
    case DEADLINE_EXCEEDED:
      return {
        exitCode: EXIT.unreachable,
        message: `The Temporal server did not answer: ${message}; try again.`,
        lines: [],
      };
    case PERMISSION_DENIED:
    case UNAUTHENTICATED:
      return {
        exitCode: EXIT.unreachable,
        message: `The Temporal server refuses us: ${message}; check TEMPORAL_API_KEY and the certificates.`,
        lines: [],
      };
    default:
      return { exitCode: EXIT.refused, message, lines: [] };
  }
}

/** Four lines; "write:" is their last label already. */
function lineOf(problem: Problem): string {
  return renderProblem({
    ...problem,
    path: problem.path === '' ? 'the file' : problem.path,
    fix: problem.fix.replace(/^write /, ''),
  });
}

const DEADLINE_EXCEEDED = 4;
const PERMISSION_DENIED = 7;
const UNAVAILABLE = 14;
const UNAUTHENTICATED = 16;
