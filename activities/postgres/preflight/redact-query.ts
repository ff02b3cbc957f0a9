/** A statement without its values: they may be somebody's data. */
export function redactQuery(query: string): string {
  const blank = query
    .replace(/\s+/g, ' ')
    .replace(/(\$\w*\$).*?(\1|$)/g, '?')
    .replace(/'(?:[^']|'')*('|$)/g, '?')
    .replace(/\b\d+(\.\d+)?\b/g, '?')
    .trim();
  return blank.length <= 120 ? blank : `${blank.slice(0, 119)}…`;
}
