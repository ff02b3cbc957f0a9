import type { GateSpec } from './plan';

type Window = NonNullable<GateSpec['window']>;

const MINUTE = 60_000;

/**
 * Milliseconds until the window is open; 0 = it is. Walks minute by minute on the zone's own clock, so that a night
 * with a change of summer time is as long as it is there: 02:30 may not exist, or come twice.
 */
export function untilOpen(window: Window, now: number): number {
  const clock = clockOf(window.tz);
  if (inside(window, clock(now))) return 0;
  const start = Math.floor(now / MINUTE) * MINUTE;
  for (let minutes = 1; minutes <= 3 * 24 * 60; minutes += 1) {
    const then = start + minutes * MINUTE;
    if (inside(window, clock(then))) return then - now;
  }
  throw new Error(`The window from ${window.from} to ${window.to} (${window.tz}) never opens; correct the plan.`);
}

/** Whether the runtime knows the zone. */
export function isTimeZone(tz: string): boolean {
  try {
    clockOf(tz);
    return true;
  } catch {
    return false;
  }
}

function inside({ from, to }: Window, minute: number): boolean {
  const [first, last] = [minuteOf(from), minuteOf(to)];
  return first <= last ? minute >= first && minute < last : minute >= first || minute < last;
}

function clockOf(tz: string): (at: number) => number {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: tz,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  return (at) => minuteOf(format.format(new Date(at)));
}

function minuteOf(text: string): number {
  const [hours = '0', minutes = '0'] = text.split(':');
  return Number(hours) * 60 + Number(minutes);
}
