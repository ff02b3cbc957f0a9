import { durationText } from '../report/duration-text';
import type { PendingActivity } from '../runtime/read-run';
import { amountOf, type Rate } from './pace';

/** What a verb under way last told: `copies rows, 1200/5000 rows (24%), 400/s, 9s left`; empty when it told nothing. */
export function progressText({ heartbeat, attempt, lastFailure }: PendingActivity, rate: Rate = {}): string {
  const again = attempt > 1 ? `attempt ${attempt}${lastFailure ? `, after: ${lastFailure}` : ''}` : '';
  return [told(heartbeat, rate), again].filter((part) => part !== '').join('; ');
}

function told(heartbeat: unknown, { perSecond, leftMs, stillMs }: Rate): string {
  const amount = amountOf(heartbeat);
  if (!amount) return doingOf(heartbeat);
  const { doing, done, total, unit } = amount;
  const shown = (value: number): string => (unit === 'ms' ? durationText(value) : String(value));
  const of = total === undefined ? '' : `/${shown(total)}`;
  const named = unit === undefined || unit === 'ms' ? '' : ` ${unit}`;
  const percent = total === undefined ? '' : ` (${Math.floor((done / total) * 100)}%)`;
  return [
    doing,
    `${shown(done)}${of}${named}${percent}`,
    ...(stillMs === undefined && perSecond !== undefined ? [`${rateText(perSecond)}/s`] : []),
    ...(stillMs === undefined && leftMs !== undefined && leftMs > 0 ? [`${durationText(leftMs)} left`] : []),
    ...(stillMs === undefined ? [] : [`unchanged for ${durationText(stillMs)}`]),
  ].join(', ');
}

function doingOf(heartbeat: unknown): string {
  const doing = typeof heartbeat === 'object' && heartbeat !== null && 'doing' in heartbeat ? heartbeat.doing : '';
  return typeof doing === 'string' ? doing : '';
}

function rateText(perSecond: number): string {
  return perSecond >= 10 ? Math.round(perSecond).toLocaleString('en') : perSecond.toPrecision(2);
}
