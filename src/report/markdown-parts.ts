import { visible } from '../plan/problem';

/** A text of plan, people or database, so that it cannot become markup, a second row or a link. */
export function cell(text: string): string {
  return visible(text.replace(/\s*\n\s*/g, ' ')).replace(
    /[\\`*<[\]|]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g,
    (c) => `\\${c}`,
  );
}

export function code(text: string): string {
  return `\`${visible(text).replaceAll('`', "'")}\``;
}

export function bullet(name: string, text: string): string {
  return `- ${cell(name)}: ${text}`;
}

/** Cells are escaped here, but for those that are code already. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    line(head),
    line(head.map(() => '---')),
    ...rows.map((row) => line(row.map((text) => (isCode(text) ? text : cell(text))))),
  ];
}

function isCode(text: string): boolean {
  return /^`[^`|]*`$/.test(text);
}
