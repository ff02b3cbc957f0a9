/** A span of time as its two largest units: `2h 5m`, `1.4s`, `12ms`. */
export function durationText(ms: number): string {
  if (ms < 1000) return `${trimZero(ms < 10 ? ms.toFixed(1) : String(Math.round(ms)))}ms`;
  if (ms < 59_950) return `${trimZero((ms / 1000).toFixed(1))}s`;
  let left = Math.round(ms / 1000);
  const first = UNITS.findIndex(([, seconds]) => left >= seconds);
  const parts = UNITS.slice(first, first + 2).map(([unit, seconds]) => {
    const count = Math.floor(left / seconds);
    left -= count * seconds;
    return count > 0 ? `${count}${unit}` : '';
  });
  return parts.filter((part) => part !== '').join(' ');
}

function trimZero(text: string): string {
  return text.replace(/\.0$/, '');
}

const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
  ['s', 1],
] as const;
