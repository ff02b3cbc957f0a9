import { z } from 'zod';
import { column, duration, file, label, reason, someOf, sqlText, table, textThat, word } from './text';

const value = textThat('text', (text) =>
  text.length <= 1000 ? undefined : { expected: 'at most 1,000 characters', fix: 'a shorter value' },
);

/** Exactly one of the three: checked in check.ts, where the path of the whole is at hand. */
export const expectation = z
  .strictObject({
    rows: z.int().min(0).max(1_000_000).optional().describe('So many rows.'),
    value: value.optional().describe('One row whose first column is this text.'),
    atLeast: z.int().min(0).max(1_000_000).optional().describe('So many rows or more.'),
  })
  .describe('What the query must answer: exactly one of `rows`, `value`, `atLeast`.');

const actor = z.enum(['owner', 'app']);

export const sqlStep = z.strictObject({
  file: file.describe('The statements.'),
  undo: file.optional().describe('The statements that take them back.'),
  irreversible: reason.optional().describe('Why there is no way back; needed where `undo` is not given.'),
  unsafe: reason
    .optional()
    .describe('Why statements that the checker cannot prove safe may run; approvers are shown it.'),
});

export const queryStep = z.strictObject({
  name: word.optional().describe('Part of the step id; default: its place in the list.'),
  sql: sqlText.describe('One query that only reads.'),
  expect: expectation,
  as: someOf(actor)
    .max(2)
    .default(['owner', 'app'])
    .describe("Who asks: a member of the tables' owner, the application's role."),
});

/** A person's work: done outside, ticked here by somebody with the role, with a text that proves it. */
const manualStep = z.strictObject({
  name: word.optional().describe('Part of the step id; default: its number among the manual steps of its phase.'),
  what: label.describe('What is to be done by hand, in one line.'),
  role: word.describe("Who may say that it is done: a role of the worker's people file."),
});

const manualOnly = z
  .array(z.strictObject({ manual: manualStep.describe('Something that only people can do.') }))
  .max(20)
  .default([]);

const manualList = z.array(manualStep).max(20).default([]);

const flag = z
  .strictObject({
    table: table.describe("The application's table of settings."),
    key: value.describe('Which setting.'),
    to: value.describe('Its value from the cutover on. `on` is text here; `true` is not: write "true".'),
    keyColumn: column.default('key').describe('Column of the names.'),
    valueColumn: column.default('value').describe('Column of the values, of type text.'),
  })
  .describe(
    "A row of the application's settings that turns it from the old shape to the new, in the transaction of the freeze.",
  );

const httpProbe = z.strictObject({
  name: label.optional().describe('Default: `GET <path>`.'),
  target: word.describe("The service, by its name in the worker's config; its authorization is there too."),
  path: textThat('path', (text) =>
    /^\/(?!\/)[^\s\\#]*$/.test(text) && !text.split(/[/?]/).includes('..')
      ? undefined
      : { expected: 'a path that begins with one /', fix: 'for example /health' },
  ).describe('What is asked for with GET.'),
  headers: z.record(z.string(), value).optional().describe('Further headers, none of them secret.'),
  expect: z
    .strictObject({
      status: z.int().min(100).max(599).default(200).describe('Status of the answer.'),
      contains: value.optional().describe('Text that the body must contain.'),
    })
    .prefault({})
    .describe('What the answer must be.'),
  timeout: duration.prefault('5s').describe('No answer within it counts as a failure.'),
});

const sqlProbe = z.strictObject({
  name: label.optional().describe('Default: `query <place>`.'),
  sql: sqlText.describe('One query that only reads.'),
  expect: expectation,
  as: actor.default('app').describe('Who asks.'),
});

const probe = z.strictObject({
  http: httpProbe.optional().describe('Asks a service.'),
  sql: sqlProbe.optional().describe('Asks the database.'),
});

const observe = z
  .strictObject({
    manual: manualList.describe('What people look at once the probes are through.'),
    for: duration.describe('How long.'),
    every: duration.prefault('1m').describe('How often each probe asks.'),
    breach: z
      .strictObject({
        failures: z.int().min(1).max(1000).default(3).describe('So many failures'),
        of: z
          .int()
          .min(1)
          .max(1000)
          .default(5)
          .describe('within so many answers of one probe are a breach. Inconclusive never counts.'),
        then: z
          .enum(['hold', 'rollback', 'notify'])
          .default('hold')
          .describe('Stop and ask; go back; or record it and go on.'),
      })
      .prefault({})
      .describe('What a breach is, and what follows.'),
    probes: someOf(probe).max(50).describe('What is asked: each entry `http` or `sql`.'),
  })
  .describe('After the cutover: does the application still work?');

export const phases = z
  .strictObject({
    preflight: manualOnly.describe('What people must have done before anything is touched.'),
    backup: manualOnly.describe('What people do once the backup is proved.'),
    expand: z
      .array(
        z.strictObject({
          sql: sqlStep.optional().describe('Statements of the plan, in a transaction of their own.'),
          manual: manualStep.optional().describe('Something that only people can do, at this place of the list.'),
        }),
      )
      .max(50)
      .default([])
      .describe('Further steps, after the tables and columns and before the indexes: each entry `sql` or `manual`.'),
    backfill: manualOnly.describe('What people do once the rows are stamped.'),
    validate: z
      .array(
        z.strictObject({
          query: queryStep.optional().describe('A query, and what it must answer.'),
          manual: manualStep.optional().describe('Something that only people can check, at this place of the list.'),
        }),
      )
      .max(100)
      .default([])
      .describe("The plan's own checks of the data: each entry `query` or `manual`."),
    cutover: z
      .strictObject({
        manual: manualList.describe(
          'What people do once the new shape is live; what comes before belongs to `validate`.',
        ),
        switch: z.array(z.strictObject({ flag })).length(1).describe('What becomes true in the freeze: one flag.'),
      })
      .describe('The switch from the old shape to the new.'),
    observe,
    contract: z
      .strictObject({
        manual: manualList.describe('What people clean up before the target is let go.'),
        keepStamping: reason
          .optional()
          .describe(
            'Why the stamping of rows that forget the key stays for good. Without it contract removes the stamping, and refuses to while any row came without its key since observe began.',
          ),
      })
      .prefault({})
      .describe('What is cleaned up after the point of no return.'),
  })
  .describe("The plan's own steps, phase by phase.");
