import { Failure } from './failures';

/** A request's body or query, not yet looked at. Every reader below answers 400 with the field's name. */
export type Fields = Readonly<Record<string, unknown>>;

export function text(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== 'string' || value === '') throw wrong(name, 'a text that is not empty', value);
  return value;
}

export function optionalText(fields: Fields, name: string): string | null {
  return fields[name] === undefined || fields[name] === null ? null : text(fields, name);
}

/** Also reads digits, as they come in a query string. */
export function integer(fields: Fields, name: string, byDefault?: number): number {
  const value = fields[name] ?? byDefault;
  const number = typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isSafeInteger(number)) throw wrong(name, 'a whole number', value);
  return number;
}

/** Kept as text, so that no cent is lost on the way to numeric. */
export function decimal(fields: Fields, name: string): string {
  const value = String(fields[name]);
  if (!/^-?\d{1,9}(\.\d{1,2})?$/.test(value)) throw wrong(name, 'a number with at most two decimals', fields[name]);
  return value;
}

export function json(fields: Fields, name: string): string {
  return JSON.stringify(fields[name] ?? {});
}

function wrong(name: string, expected: string, found: unknown): Failure {
  return new Failure({
    status: 400,
    message: `The field ${name} must be ${expected}, but was ${JSON.stringify(found)}.`,
  });
}
