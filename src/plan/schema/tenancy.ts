import { z } from 'zod';
import { quoted } from '../problem';
import { commandSpec } from './shared-steps';
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

const fill = z.record(column, z.enum(['uuid', 'now', 'now-iso', 'null'])).default({});

const registry = z
  .strictObject({
    table: table.describe('The table of tenants.'),
    create: file.describe('File with its CREATE TABLE.'),
    default: z
      .record(column, registryValue)
      .describe(
        "The default tenant's row: column to value, all text. Every existing row without a rule of its own becomes this tenant's.",
      ),
    identify: column
      .default('slug')
      .describe('The column of `default` by which the row is found again; unique in the table.'),
    fill: fill.describe('MongoDB: further fields, filled as the model of the application would.'),
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
    role: label.default('member').describe('The role that every existing user gets whom `roles` does not name.'),
    roles: z
      .strictObject({
        column: column.describe("The column of the users that says a user's own role."),
        map: z.record(z.string(), label).describe("The user's role to that of the membership."),
      })
      .optional()
      .describe('MongoDB: roles of memberships that follow from those of the users.'),
    fill: fill.describe('MongoDB: further fields, filled as the model of the application would.'),
    values: z.record(column, label).default({}).describe('MongoDB: further fields, the same in every membership.'),
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
  unique: z
    .record(
      column,
      z.strictObject({
        columns: z.array(indexColumn).min(2).max(32).describe('The tenant key first.'),
        replaces: label.optional().describe('The old unique index, dropped in contract.'),
      }),
    )
    .optional()
    .describe('MongoDB: unique indexes that gain the tenant key, by name.'),
  globalUnique: z
    .array(label)
    .max(32)
    .optional()
    .describe('MongoDB: unique indexes that stay as they are, over all tenants.'),
  rule: z
    .strictObject({
      mapping: z
        .strictObject({
          by: column.describe('The column whose value is looked up.'),
          table: table.describe('Where.'),
          from: column.describe('In which column.'),
          to: column.describe('The column of the tenant.'),
          default: z.boolean().default(false).describe("`true`: whoever is not found becomes the default tenant's."),
        })
        .optional()
        .describe('The tenant stands in a table of its own.'),
      walk: z
        .strictObject({
          by: column.describe('The column that refers to another row.'),
          to: columnRef.describe('The row that it refers to, which has its tenant already.'),
          default: z.boolean().default(false).describe("`true`: whoever refers to none becomes the default tenant's."),
        })
        .optional()
        .describe('The tenant is that of the row it refers to.'),
    })
    .optional()
    .describe("Whose the rows are, where they have several tenants; without it all become the default tenant's."),
});

const model = z
  .strictObject({
    command: commandSpec.describe('A program of the application that prints one JSON object about itself.'),
  })
  .describe(
    'MongoDB: what the application says of itself, compared with the plan in preflight: `collections`, `roleScopeMap`, and the documents `tenant` and `membership` as its models write them.',
  );

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
    model: model.optional(),
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
