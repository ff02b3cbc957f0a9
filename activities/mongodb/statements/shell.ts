import { BSON } from 'mongodb';
import type { Statement } from '../../describe/step-description';

/** A command as somebody would type it into mongosh. */
export function runCommand(command: Readonly<Record<string, unknown>>): string {
  return `db.runCommand(${shellText(command)})`;
}

/** JavaScript that mongosh reads: names without quotes where they need none. */
export function shellText(value: unknown): string {
  const plain: unknown = BSON.EJSON.serialize({ value } as BSON.Document, { relaxed: true })['value'];
  return literal(plain);
}

function literal(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return placeholder(value) ?? JSON.stringify(value);
  const fields = Object.entries(value).map(([name, v]) => `${nameText(name)}: ${literal(v)}`);
  return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`;
}

/** `<...>` and `${steps...}` stand for what only a run knows: no quotes around them. */
function placeholder(value: unknown): string | undefined {
  return typeof value === 'string' && /^(<[^<>]+>|\$\{[^{}]+\})$/.test(value) ? value : undefined;
}

function nameText(name: string): string {
  return /^[$A-Za-z_][$\w]*$/.test(name) ? name : JSON.stringify(name);
}

/** `db.orders`, also where the name is no identifier. */
export function collectionText(table: string): string {
  return /^[A-Za-z_]\w*$/.test(table) ? `db.${table}` : `db.getCollection(${JSON.stringify(table)})`;
}

export const NOBODY_WAITS = 'none that the application meets';

export function catalogOnly(table: string): string {
  return `exclusive on ${table} for a moment: waits for the operations at work there`;
}

export function onDocuments(table: string): string {
  return `the documents of ${table} that it changes, one by one`;
}

export function reads(table: string): string {
  return `reads ${table}: nobody waits`;
}

/** What an undo keeps before it takes away. */
export function archiving(table: string, what: string): readonly Statement[] {
  return [
    {
      sql: `${collectionText(table)}.find(${what}) /* each into archive_documents of the tool's database, then compared byte for byte */`,
      lock: reads(table),
    },
  ];
}
