import type { VerbContext } from '../context';
import { check, type Findings } from '../findings';
import type { Resources } from '../resources';
import { markLog, type LogMark } from './ask-log';

/** Where each watched log ends now: its errors from here to the cutover are what observe compares with. */
export async function logFindings(
  resources: Resources,
  context: Pick<VerbContext, 'capture'>,
  logs: readonly string[],
): Promise<Findings> {
  const problems: string[] = [];
  for (const name of logs) {
    const mark = await markLog(resources, name);
    if (mark === undefined) problems.push(`the log "${name}" cannot be read; let the worker's user read it`);
    else await context.capture<LogMark>(`log:${name}`, () => Promise.resolve(mark));
  }
  return logs.length === 0 ? { checks: [] } : { checks: [check('logs', `${logs.join(', ')} can be read`, problems)] };
}
