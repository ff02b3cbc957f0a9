import { ident } from './identifiers';
import { tokens, type Token } from './split-statements';

/**
 * The first CREATE TABLE of a script, alone, with its table in another schema; undefined when there is none. All else in
 * it stays as it is: what it refers to is what the original would refer to.
 */
export function createTableIn(sql: string, schema: string): string | undefined {
  for (const statement of statementsOf(sql)) {
    const words = statement.filter((t) => t.kind !== 'comment' && t.text.trim() !== '');
    if (words[0]?.text.toUpperCase() !== 'CREATE' || words[1]?.text.toUpperCase() !== 'TABLE') continue;
    const first = words[2]?.text.toUpperCase() === 'IF' ? 5 : 2;
    const last = words[first + 1]?.text === '.' ? first + 2 : first;
    const name = words[last];
    if (!name) return undefined;
    const rest = statement.slice(statement.indexOf(name) + 1);
    return `CREATE TABLE ${ident(schema)}.${name.text}${rest.map((t) => t.text).join('')}`;
  }
  return undefined;
}

function statementsOf(sql: string): readonly (readonly Token[])[] {
  const statements: Token[][] = [[]];
  for (const token of tokens(sql)) {
    if (token.text === ';') statements.push([]);
    else statements.at(-1)?.push(token);
  }
  return statements;
}
