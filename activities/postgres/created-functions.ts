import { splitStatements } from './split-statements';

/** The functions and procedures that a script creates, as `schema.name`; without a schema they land in public. */
export function createdFunctions(sql: string): readonly string[] {
  const names = splitStatements(sql).flatMap((statement) => {
    const name = /^CREATE (?:OR REPLACE )?(?:FUNCTION|PROCEDURE) ([^(]+)\(/i.exec(statement)?.[1];
    return name === undefined ? [] : [plain(name.trim())];
  });
  return [...new Set(names)];
}

function plain(name: string): string {
  const parts = name.match(/"(?:[^"]|"")*"|[^.\s]+/g) ?? [];
  const texts = parts.map((p) => (p.startsWith('"') ? p.slice(1, -1).replaceAll('""', '"') : p.toLowerCase()));
  return texts.length === 1 ? `public.${texts[0]}` : texts.join('.');
}
