/** The one way to write a span of time in a plan: a whole number and its unit, nothing between them. */
export const DURATION = /^[1-9]\d{0,8}(ms|s|m|h|d)$/;

export const DURATION_EXPECTED = 'a whole number with its unit, ms, s, m, h or d, such as 500ms, 2s, 5m, 4h or 30d';

/** Longer than any run: a bigger number is a slip of the pen. */
export const LONGEST_MS = 366 * 86_400_000;

/** Milliseconds, or undefined when the text is not a duration of a plan. */
export function parseDuration(text: string): number | undefined {
  const unit = DURATION.exec(text)?.[1];
  if (!isUnit(unit)) return undefined;
  const ms = Number(text.slice(0, -unit.length)) * UNITS[unit];
  return ms <= LONGEST_MS ? ms : undefined;
}

/** The shortest text that parseDuration reads back as the same number. */
export function formatDuration(ms: number): string {
  const unit = (['d', 'h', 'm', 's'] as const).find((u) => ms > 0 && ms % UNITS[u] === 0) ?? 'ms';
  return `${ms / UNITS[unit]}${unit}`;
}

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

function isUnit(text: string | undefined): text is keyof typeof UNITS {
  return text !== undefined && Object.hasOwn(UNITS, text);
}
