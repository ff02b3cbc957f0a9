import { z } from 'zod';
import { gates } from './gates';
import { phases } from './phases';
import { commandSpec, exportSpec } from './shared-steps';
import { tenancy } from './tenancy';
import { duration, file, label, planName, sqlText, table, word } from './text';

const backup = z
  .strictObject({
    store: word.default('backups').describe("Where backups go, by its name in the worker's config."),
    scratch: word
      .default('scratch')
      .describe('The database that the drill restores into: never one that holds anything.'),
    exclude: z
      .array(table)
      .max(50)
      .default([])
      .describe(
        'MongoDB: collections that the backup leaves out, such as time series; a restore leaves them as they are.',
      ),
    exports: z
      .array(exportSpec)
      .max(10)
      .default([])
      .describe('Rows that people compare with afterwards, as CSV and JSON; compared by the tool after the cutover.'),
  })
  .prefault({})
  .describe('The backup and its restore drill. No drill, no pass.');

const log = z
  .strictObject({
    table: table.describe("The log table that the team's runbook knows."),
    create: file.describe('File with its CREATE TABLE: columns phase, operation, status, details, created_at.'),
    phase: label.describe('What its `phase` column says.'),
  })
  .describe("A log table of the team's own, filled beside the ledger.");

const quiet = z.strictObject({
  name: word.describe('Which writer.'),
  stop: commandSpec.describe('Stops it, before the fence.'),
  start: commandSpec.describe('Starts it again, when writes flow.'),
});

const freeze = z
  .strictObject({
    budget: duration
      .prefault('2s')
      .describe(
        'From the first lock to the commit, or from the fence to the opening; past it everything is put back. `refuse` has no default: a build restarts in it.',
      ),
    fence: z
      .enum(['queue', 'refuse'])
      .default('queue')
      .describe(
        '`queue`: readers and writers wait, none is refused (PostgreSQL). `refuse`: writes are refused (MongoDB).',
      ),
    stall: duration
      .prefault('100ms')
      .describe('`queue`: what all lock waits of one try may cost the application together; below 1s.'),
    patience: duration.prefault('60s').describe('`queue`: how long tries go on.'),
    mechanism: z
      .enum(['role', 'validator', 'write-block', 'hook'])
      .optional()
      .describe("`refuse`: what refuses the writes. `role`: the application's user loses its roles."),
    close: commandSpec.optional().describe('`hook`: makes the application read-only.'),
    open: commandSpec.optional().describe('`hook`: lets it write again.'),
    quiet: z.array(quiet).max(10).default([]).describe('`refuse`: writers beside the application, stopped first.'),
    quietFor: duration.prefault('1s').describe('`refuse`: how long they are watched for silence.'),
    announced: duration.optional().describe('The downtime that people were told of; shown beside the measured one.'),
  })
  .prefault({})
  .describe('The freeze of the cutover.');

const notify = z
  .array(
    z.strictObject({
      webhook: word.describe("By its name in the worker's config; the body is signed."),
      on: z
        .array(z.enum(['gate', 'reminder', 'parked', 'frozen', 'opened', 'done']))
        .min(1)
        .describe('What is told.'),
      every: duration.optional().describe('And how it stands, so often.'),
    }),
  )
  .max(10)
  .default([])
  .describe('Who is told of what, while the run goes on.');

const holdOrBack = z.enum(['hold', 'rollback']);

const rollback = z
  .strictObject({
    onFailure: z
      .strictObject({
        backup: holdOrBack.optional().describe('When the backup or its drill fails.'),
        expand: holdOrBack.optional().describe('When a step of expand fails.'),
        backfill: holdOrBack.optional().describe('When a step of backfill fails.'),
        validate: holdOrBack.optional().describe('When a check of the data fails.'),
        cutover: holdOrBack.optional().describe('When the freeze fails.'),
        observe: holdOrBack.optional().describe('When a probe breaches; must agree with `phases.observe.breach.then`.'),
      })
      .prefault({})
      .describe('Per phase: `hold` stops and asks (the default), `rollback` goes back.'),
  })
  .prefault({})
  .describe('What follows a failure that retries did not mend.');

const preflight = z
  .strictObject({
    maxTransactionAge: duration
      .prefault('1m')
      .describe('An older transaction stops the preflight; it is named by pid, age and query.'),
    expected: duration
      .optional()
      .describe('MongoDB: how long the run may take; the server must remember its changes for three times as long.'),
  })
  .prefault({})
  .describe('What must hold before anything is touched.');

const watch = z
  .array(
    z.strictObject({
      name: word.describe('What it is called in reports.'),
      sql: sqlText.describe('One query that only reads.'),
      answer: z
        .enum(['same', 'may-change'])
        .default('same')
        .describe('`may-change` where the writes of the application move it; else a difference fails the validation.'),
    }),
  )
  .max(20)
  .default([])
  .describe(
    'Queries that are asked before anything changes and again in validate: answer, plan and time are compared.',
  );

/** The plan file. Unknown keys are errors everywhere; every default is here. */
export const planSchema = z.strictObject({
  version: z.literal(1).describe('Version of this format.'),
  name: planName.describe("Part of the run's identity: one run of this name per home at a time."),
  engine: z
    .enum(['postgres', 'mongodb'])
    .default('postgres')
    .describe('What kind of database the home is; preview needs it, the worker checks it.'),
  environment: z.enum(['production', 'staging', 'new']).describe('Production plans must be gated.'),
  home: word.describe("The database that holds the run's ledger, by its name in the worker's config."),
  backup,
  preflight,
  tenancy,
  log: log.optional(),
  phases,
  gates,
  freeze,
  rollback,
  watch,
  notify,
});

export type PlanFile = z.output<typeof planSchema>;
