import { z } from 'zod';
import { quoted } from '../problem';
import { column, columnRef, file, indexColumn, label, table, textThat, word } from './text';

const key = z
  .strictObject({
    column: column.describe('Name of the new column, the same in every table.'),
    type: z
      .enum(['uuid', 'text', 'bigint', 'integer'])
      .default('uuid')
      .describe('Its type; that of the column it references.'),
    references: columnRef.describe("The registry table's primary key, such as `organizations.id`."),
  })
  .describe('The tenant key: the column that says whose a row is.');

/** What becomes part of URLs, reports and step titles: no path, no quote, no look-alike letter. */
const registryValue = textThat('text', (text) => {
  const expected = 'one line of 1 to 200 characters without blanks around it';
  if (text.trim() === '') return { expected, fix: 'the value that the column gets' };
  if (text !== text.trim()) return { expected, fix: 'the same text without the blanks around it' };
  if (text.includes('\n')) return { expected, fix: 'the text on one line' };
  if (text.length > 200) return { found: `a text of ${text.length} characters`, expected, fix: 'a shorter text' };
  if (text === text.normalize('NFC')) return undefined;
  return {
    found: 'decomposed Unicode (NFD), which looks like another text',
    expected: 'composed Unicode (NFC)',
    fix: `${quoted(text.normalize('NFC'))}, typed anew`,
  };
});

const registry = z
  .strictObject({
    table: table.describe('The table of tenants.'),
    create: file.describe('File with its CREATE TABLE.'),
    default: z
      .record(column, registryValue)
      .describe("The default tenant's row: column to value, all text. Every existing row becomes this tenant's."),
    identify: column
      .default('slug')
      .describe('The column of `default` by which the row is found again; unique in the table.'),
  })
  .describe('The table of tenants and the first of them.');

const membership = z
  .strictObject({
    table: table.describe('The table of memberships.'),
    create: file.describe(
      'File with its CREATE TABLE; it needs UNIQUE over user and tenant, and a foreign key on each.',
    ),
    user: column.describe('Its column for the user.'),
    tenant: column.describe('Its column for the tenant.'),
    roleColumn: column.default('role').describe('Its column for the role.'),
    role: label.default('member').describe('The role that every existing user gets.'),
    from: columnRef.describe(
      'The users: table and primary key, such as `users.id`. The table must have the tenant key.',
    ),
  })
  .describe(
    'Which user belongs to which tenant. Every user gets a membership, those who come during the run included.',
  );

const tableSpec = z.strictObject({
  index: z
    .array(indexColumn)
    .min(1)
    .max(32)
    .optional()
    .describe('One index with a name of the form `idx_<table>_<columns>`, such as `[client_id, created_at desc]`.'),
  indexes: z
    .record(column, z.array(indexColumn).min(1).max(32))
    .optional()
    .describe('Several indexes, or one with a name of your own: name to columns.'),
});

const archiveChoice = textThat('none, latest, or a run id', (text) =>
  /^(none|latest|[a-z0-9][a-z0-9-]*\.[0-9a-f]{8})$/.test(text)
    ? undefined
    : { expected: 'none, latest, or the id of a run of this plan', fix: 'latest, or for example phase-1.0123abcd' },
);

export const tenancy = z
  .strictObject({
    target: word.describe("The database, by its name in the worker's config. In this version the same as `home`."),
    key,
    registry,
    membership: membership.optional(),
    redo: archiveChoice
      .default('none')
      .describe(
        'What becomes of the archive of an earlier run of this plan that was rolled back: `latest` or a run id puts it back in backfill (tenants, memberships, keys of rows that still exist); `none` leaves it, and preflight says that it is there.',
      ),
    tables: z
      .record(table, tableSpec)
      .describe(
        'Every table that gets the key, `{}` where nothing more is to be said. Where no index begins with the key, one on the key alone is built.',
      ),
  })
  .describe('What makes the application multi-tenant; compiles into safe online steps.');
