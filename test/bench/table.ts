import type { RowResult } from './results';
import type { Line } from './row';

const HEAD = ['row', 'measured', 'target', 'ratio', 'verdict'] as const;

/** The table for a terminal. */
export function textTable(rows: readonly RowResult[]): string {
  const cells = [HEAD, ...rows.flatMap((row) => row.lines.map(cellsOf))];
  const widths = HEAD.map((_, i) => Math.max(...cells.map((c) => c[i]?.length ?? 0)));
  const lines = cells.map((c) =>
    c
      .map((text, i) => text.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return [lines[0], widths.map((w) => '─'.repeat(w)).join('  '), ...lines.slice(1)].join('\n');
}

/** The same for docs/benchmarks.md, with what there is to know about each row below it. */
export function markdownTable(rows: readonly RowResult[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map((c) => c.replaceAll('|', '\\|')).join(' | ')} |`;
  const table = [
    line(HEAD),
    line(HEAD.map(() => '---')),
    ...rows.flatMap((row) => row.lines.map((l) => line(cellsOf(l)))),
  ];
  const notes = rows.flatMap((row) => [
    `- **${row.title}** (${Math.round(row.seconds)} s, load average ${row.load.join(' to ')}).`,
    ...row.notes.map((n) => `  ${n}`),
  ]);
  return `${table.join('\n')}\n\n${notes.join('\n')}`;
}

function cellsOf(line: Line): readonly string[] {
  return [line.what, line.measured, line.target, line.ratio, verdictOf(line)];
}

function verdictOf({ met }: Line): string {
  if (met === undefined) return 'printed';
  return met ? 'met' : 'NOT met';
}
