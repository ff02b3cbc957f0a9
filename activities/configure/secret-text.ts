import { CutoverError } from '../../src/core/failure';
import type { TextFormat } from './text-format';

/** One JSON object whose values are texts. Order and indentation stay. */
export const secretText: TextFormat = {
  read(text, where) {
    const texts = Object.entries(parsed(text, where)).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    );
    return new Map(texts);
  },
  set: (text, values, where) => printed(text, { ...parsed(text, where), ...values }),
  remove(text, keys, where) {
    const kept = Object.entries(parsed(text, where)).filter(([key]) => !keys.includes(key));
    return printed(text, Object.fromEntries(kept));
  },
};

function parsed(text: string, where: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = text.trim() === '' ? {} : JSON.parse(text);
  } catch {
    value = undefined; // what a parser says quotes the text
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new CutoverError('Refused', `${where} is not a JSON object of keys and texts; correct it.`);
}

function printed(before: string, value: Readonly<Record<string, unknown>>): string {
  const indent = /\n([ \t]+)"/.exec(before)?.[1] ?? '  ';
  return `${JSON.stringify(value, null, indent)}${before === '' || before.endsWith('\n') ? '\n' : ''}`;
}
