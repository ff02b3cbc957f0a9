import type { Results, RowResult } from './results';
import type { Line } from './row';

const HEAD = ['row', 'measured', 'target', 'ratio', 'verdict'] as const;

/** The table for a terminal. */
export function textTable(rows: readonly RowResult[], servers: Results['servers']): string {
  const cells = [HEAD, ...body(rows, servers)];
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
export function markdownTable(rows: readonly RowResult[], servers: Results['servers']): string {
  const line = (cells: readonly string[]): string => `| ${cells.map((c) => c.replaceAll('|', '\\|')).join(' | ')} |`;
  const table = [line(HEAD), line(HEAD.map(() => '---')), ...body(rows, servers).map(line)];
  const notes = rows.flatMap((row) => [
    `- **${row.title}** (${row.at.slice(0, 10)}, ${Math.round(row.seconds)} s, load average ${row.load.join(' to ')}).`,
    ...row.notes.map((n) => `  ${n}`),
  ]);
  return `${table.join('\n')}\n\n${notes.join('\n')}`;
}

/** A line names the server, above the first of its rows. */
function body(rows: readonly RowResult[], servers: Results['servers']): readonly (readonly string[])[] {
  return rows.flatMap((row, i) => [
    ...(row.engine === rows[i - 1]?.engine ? [] : [[`on ${servers[row.engine] ?? row.engine}`, '', '', '', '']]),
    ...row.lines.map(cellsOf),
  ]);
}

function cellsOf(line: Line): readonly string[] {
  return [line.what, line.measured, line.target, line.ratio, verdictOf(line)];
}

function verdictOf({ met }: Line): string {
  if (met === undefined) return 'printed';
  return met ? 'met' : 'NOT met';
}
