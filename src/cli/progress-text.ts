import { durationText } from '../report/duration-text';
import type { PendingActivity } from '../runtime/read-run';

/** What a verb under way last told: `copies rows, 1200/5000 rows (24%)`; empty when it told nothing. */
export function progressText({ heartbeat, attempt, lastFailure }: PendingActivity): string {
  const again = attempt > 1 ? `attempt ${attempt}${lastFailure ? `, after: ${lastFailure}` : ''}` : '';
  return [told(heartbeat), again].filter((part) => part !== '').join('; ');
}

function told(heartbeat: unknown): string {
  if (typeof heartbeat !== 'object' || heartbeat === null) return '';
  const { doing, done, total, unit } = heartbeat as Readonly<Record<string, unknown>>;
  if (typeof doing !== 'string') return '';
  if (typeof done !== 'number') return doing;
  const amount = (value: number): string => (unit === 'ms' ? durationText(value) : String(value));
  const of = typeof total === 'number' && total > 0 ? `/${amount(total)}` : '';
  const percent = typeof total === 'number' && total > 0 ? ` (${Math.floor((done / total) * 100)}%)` : '';
  return `${doing}, ${amount(done)}${of}${typeof unit === 'string' && unit !== 'ms' ? ` ${unit}` : ''}${percent}`;
}
