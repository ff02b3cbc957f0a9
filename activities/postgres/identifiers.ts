import { escapeIdentifier, escapeLiteral } from 'pg';
import { CutoverError } from '../../src/core/failure';
import { digestOfText, shortDigest } from '../../src/core/json';

/** One identifier, quoted whatever it holds. More than 63 bytes are refused: the server would cut them in silence. */
export function ident(name: string): string {
  if (name === '' || name.includes('\0') || bytes(name) > MAX_BYTES) {
    throw new CutoverError(
      'Misconfigured',
      `"${name}" cannot be a name in PostgreSQL (1 to ${MAX_BYTES} bytes, no NUL); choose a shorter one in the plan.`,
    );
  }
  return escapeIdentifier(name);
}

/** `schema.name` of the plan as quoted SQL. */
export function qualified(name: string): string {
  const { schema, local } = split(name);
  return `${ident(schema)}.${ident(local)}`;
}

/** A string constant, for statements that take no parameters (DDL, function bodies). */
export function literal(text: string): string {
  return escapeLiteral(text);
}

/** The parts of `schema.name`; the first dot divides. */
export function split(name: string): { readonly schema: string; readonly local: string } {
  const dot = name.indexOf('.');
  if (dot < 1 || dot === name.length - 1) {
    throw new CutoverError(
      'Misconfigured',
      `"${name}" names no schema; write it as schema.name, for example public.users.`,
    );
  }
  return { schema: name.slice(0, dot), local: name.slice(dot + 1) };
}

/** A derived name that fits: cut at a character and made unique again by a digest of the whole. */
export function fit63(name: string): string {
  if (bytes(name) <= MAX_BYTES) return name;
  const tail = `_${shortDigest(digestOfText(name)).slice(0, 8)}`;
  let head = '';
  for (const character of name) {
    if (bytes(head + character) > MAX_BYTES - tail.length) break;
    head += character;
  }
  return head + tail;
}

/** A function body between dollar quotes that it cannot close by itself. */
export function dollarQuoted(body: string): string {
  let tag = '$cutover$';
  for (let n = 1; body.includes(tag); n++) tag = `$cutover${n}$`;
  return `${tag}\n${body}\n${tag}`;
}

const MAX_BYTES = 63;

function bytes(text: string): number {
  return new TextEncoder().encode(text).length;
}
