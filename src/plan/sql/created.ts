import { scanSql } from './scan';

export interface Created {
  /** As written, without quotes: `public.get_tenant` or `get_tenant`. */
  readonly name: string;
  readonly line: number;
}

export function createdFunctions(script: string): readonly Created[] {
  return namesAfter(script, /^create\s+(?:or\s+replace\s+)?(?:function|procedure)\s+/i);
}

export function createdTables(script: string): readonly Created[] {
  return namesAfter(script, /^create\s+(?:unlogged\s+)?table\s+(?:if\s+not\s+exists\s+)?/i);
}

export function droppedFunctions(script: string): readonly Created[] {
  return namesAfter(script, /^drop\s+(?:function|procedure|routine)\s+(?:if\s+exists\s+)?/i);
}

function namesAfter(script: string, start: RegExp): readonly Created[] {
  return scanSql(script).statements.flatMap(({ code, line }) => {
    const lead = start.exec(code);
    if (!lead) return [];
    const name = /^"?[\p{L}\p{N}_$]+"?(\s*\.\s*"?[\p{L}\p{N}_$]+"?)?/u.exec(code.slice(lead[0].length))?.[0];
    return name === undefined ? [] : [{ name: name.split('.').map(foldPart).join('.'), line }];
  });
}

/** What the server makes of a name: quotes keep its letters, without them they become small. */
function foldPart(part: string): string {
  const trimmed = part.trim();
  return trimmed.startsWith('"') ? trimmed.replaceAll('"', '') : trimmed.toLowerCase();
}
