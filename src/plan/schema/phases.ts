import { z } from 'zod';
import {
  actor,
  aggregateProbe,
  configureEntry,
  contractEntry,
  deploy,
  expectation,
  httpProbe,
  logProbe,
  manualStep,
  preflightEntry,
  serverProbe,
  sharedEntry,
  sqlProbe,
  validateEntry,
  value,
} from './shared-steps';
import { column, duration, file, reason, someOf, sqlText, table, word } from './text';

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

const list = z.array(z.strictObject(sharedEntry)).max(20).default([]);

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

const probe = z.strictObject({
  http: httpProbe.optional().describe('Asks a service.'),
  sql: sqlProbe.optional().describe('Asks the database.'),
  aggregate: aggregateProbe.optional().describe('Asks one collection.'),
  log: logProbe.optional().describe("Reads what was added to a log of the application's."),
  server: serverProbe.optional().describe('Asks the database server how it is.'),
});

const observe = z
  .strictObject({
    checks: z
      .array(z.strictObject(sharedEntry))
      .max(50)
      .default([])
      .describe("The new application's own checks, before the probes: each entry `http`, `command` or `manual`."),
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
    probes: someOf(probe)
      .max(50)
      .describe('What is asked: each entry one of `http`, `sql`, `aggregate`, `log`, `server`.'),
  })
  .describe('After the cutover: does the application still work?');

export const phases = z
  .strictObject({
    preflight: z
      .array(z.strictObject(preflightEntry))
      .max(20)
      .default([])
      .describe('What must have been done before anything is touched.'),
    backup: list.describe('What is done once the backup is proved.'),
    configure: z
      .array(z.strictObject(configureEntry))
      .max(20)
      .default([])
      .describe('What is staged: captured and written beside, inert until the switch.'),
    expand: z
      .array(
        z.strictObject({
          sql: sqlStep.optional().describe('Statements of the plan, in a transaction of their own.'),
          ...sharedEntry,
        }),
      )
      .max(50)
      .default([])
      .describe('Further steps, after the tables and columns and before the indexes: each entry one step.'),
    backfill: list.describe('What is done once the rows are stamped.'),
    validate: z
      .array(
        z.strictObject({
          query: queryStep.optional().describe('A query, and what it must answer.'),
          ...validateEntry,
        }),
      )
      .max(100)
      .default([])
      .describe("The plan's own checks of the data: each entry one step."),
    cutover: z
      .strictObject({
        manual: manualList.describe(
          'What people do once the new shape is live; what comes before belongs to `validate`.',
        ),
        switch: z
          .array(
            z.strictObject({
              flag: flag.optional(),
              config: word.optional().describe('A target whose staged variables become live.'),
              deploy: deploy.optional().describe('A build of a service.'),
            }),
          )
          .min(1)
          .max(10)
          .describe(
            'What becomes true in the cutover, in this order. MongoDB: `config` and `deploy`, inside the fence. PostgreSQL: one `flag`, in the transaction of the freeze; `config` and `deploy` before it are done before the freeze, those after it after its commit.',
          ),
        prove: z
          .array(z.strictObject({ http: httpProbe.describe('Asks a service.') }))
          .max(20)
          .default([])
          .describe(
            'What must be answered: on MongoDB before writes flow again, on PostgreSQL right after the switch.',
          ),
      })
      .describe('The switch from the old shape to the new.'),
    observe,
    contract: z
      .strictObject({
        steps: z
          .array(z.strictObject(contractEntry))
          .max(20)
          .default([])
          .describe('What is cleaned up first: each entry one step.'),
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
