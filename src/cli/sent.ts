import type { Sent } from '../runtime/client';
import { assertNever } from '../core/assert-never';
import { EXIT } from './exit-codes';
import type { Io } from './shell';

/** Tells what became of a message, and gives the exit code. */
export function reportSent(io: Io, sent: Sent, about: Readonly<Record<string, string>>): number {
  const { out } = io;
  const bad = (exitCode: number, error: string): number => {
    out.data({ ok: false, exitCode, error, ...about });
    out.remark(`${out.paint('red', 'refused:')} ${error}`);
    return exitCode;
  };
  switch (sent.outcome) {
    case 'answered':
      if (!sent.answer.counted) return bad(EXIT.refused, sent.answer.message);
      out.data({ ok: true, ...sent.answer, ...about });
      out.line(`${out.paint('green', 'ok')}  ${sent.answer.message}`);
      return EXIT.ok;
    case 'refused':
      return bad(EXIT.refused, sent.reason);
    case 'unknown':
      return bad(
        EXIT.noWorker,
        'No worker answered in time, so nobody knows yet whether it counts; send the same again: it cannot count twice.',
      );
    case 'no-run':
      return bad(EXIT.refused, 'The run has ended in the meantime.');
    default:
      return assertNever(sent, 'What became of a message');
  }
}
