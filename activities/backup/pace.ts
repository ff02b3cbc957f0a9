/** How fast something goes and how long it will still take, in words: `98,000 documents/s, about 12 s left`. */
export function paceWords(input: {
  readonly done: number;
  readonly total: number;
  readonly ms: number;
  readonly unit: string;
}): string {
  const { done, total, ms, unit } = input;
  if (ms < SOON_MS || done === 0) return `${done} of ${total} ${unit}`;
  const rate = (done * 1000) / ms;
  const shown = Math.round(rate).toLocaleString('en-US');
  return `${shown} ${unit}/s, about ${duration(Math.max(0, total - done) / rate)} left`;
}

const SOON_MS = 500;

function duration(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  return seconds < 5400 ? `${Math.ceil(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
