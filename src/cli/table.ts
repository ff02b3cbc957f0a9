import { stripVTControlCharacters } from 'node:util';

/** Rows as lines: columns padded to their widest cell, the last one left as it is. */
export function table(rows: readonly (readonly string[])[], indent = '  '): readonly string[] {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, width(cell))));
  return rows.map((row) => {
    const cells = row.map((cell, i) =>
      i === row.length - 1 ? cell : cell + ' '.repeat((widths[i] ?? 0) - width(cell)),
    );
    return `${indent}${cells.join('  ')}`.trimEnd();
  });
}

/** Characters on the terminal; colours take none. */
function width(cell: string): number {
  return [...stripVTControlCharacters(cell)].length;
}
