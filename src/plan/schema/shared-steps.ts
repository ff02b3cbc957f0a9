import { z } from 'zod';
import { column, duration, label, reason, sqlText, table, textThat, word } from './text';

export const value = textThat('text', (text) =>
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

export const actor = z.enum(['owner', 'app']);

const argument = textThat('text', (text) =>
  text !== '' && text.length <= 500
    ? undefined
    : { expected: 'an argument of 1 to 500 characters', fix: 'the argument, or take it out' },
);

/** Relative, inside the folder of the worker's config. */
const folder = textThat('folder', (text) =>
  /^[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*$/.test(text) && !text.split('/').includes('..')
    ? undefined
    : {
        expected: "a folder inside `commands.cwd` of the worker's config",
        fix: 'for example backend',
      },
);

/** A program of the worker's allow-list. */
export const commandSpec = z.strictObject({
  argv: z.array(argument).min(1).max(50).describe('Program and arguments; no shell reads them.'),
  cwd: folder.optional().describe("Folder inside the one of the worker's config."),
  env: word.optional().describe("An env-file target of the worker's config whose variables the program gets."),
  via: word.optional().describe("A host of the worker's config that runs it over ssh."),
  timeout: duration.prefault('5m').describe('It and all that it started are ended after so long.'),
});

const commandStep = z.strictObject({
  name: word.describe('Part of the step id.'),
  run: commandSpec.describe('What is run.'),
  contains: value.optional().describe('Text that its output must contain.'),
  verify: commandSpec
    .optional()
    .describe('Reads reality before and after: exit code 0 = what the step is for is true, and nothing is run.'),
  undo: commandSpec.optional().describe('What takes it back.'),
  irreversible: reason.optional().describe('Why there is no way back; needed where `undo` is not given.'),
});

const path = textThat('path', (text) =>
  /^\/(?!\/)[^\s\\#]*$/.test(text) && !text.split(/[/?]/).includes('..')
    ? undefined
    : { expected: 'a path that begins with one /', fix: 'for example /health' },
);

const headers = z.record(z.string(), value);

export const httpExpect = z
  .strictObject({
    status: z.int().min(100).max(599).default(200).describe('Status of the answer.'),
    contains: value.optional().describe('Text that the body must contain.'),
    lacks: value.optional().describe("Text that the body must not contain: what is somebody else's."),
  })
  .prefault({})
  .describe('What the answer must be.');

export const httpProbe = z.strictObject({
  name: label.optional().describe('Default: `GET <path>`.'),
  target: word.describe("The service, by its name in the worker's config; its authorization is there too."),
  path: path.describe('What is asked for with GET.'),
  headers: headers.optional().describe('Further headers, none of them secret.'),
  expect: httpExpect,
  timeout: duration.prefault('5s').describe('No answer within it counts as a failure.'),
});

const httpRequest = z.strictObject({
  target: word.describe("The service, by its name in the worker's config."),
  method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']).default('GET').describe('The method.'),
  path: path.describe('What is asked for.'),
  headers: headers.optional().describe('Further headers, none of them secret.'),
  body: value.optional().describe('What is sent.'),
  timeout: duration.prefault('10s').describe('No answer within it is a failure.'),
});

const httpStep = z.strictObject({
  name: word.describe('Part of the step id.'),
  request: httpRequest.describe('What is sent.'),
  expect: httpExpect,
  undo: httpRequest.optional().describe('What takes it back.'),
  irreversible: reason
    .optional()
    .describe('Why there is no way back; needed where `undo` is not given and the method is not GET.'),
});

/** A person's work: done outside, ticked here by somebody with the role, with a text that proves it. */
export const manualStep = z.strictObject({
  name: word.optional().describe('Part of the step id; default: its number among the manual steps of its phase.'),
  what: label.describe('What is to be done by hand, in one line.'),
  role: word.describe("Who may say that it is done: a role of the worker's people file."),
});

const variable = textThat('variable', (text) =>
  /^[A-Za-z_][A-Za-z0-9_]*\*?$/.test(text)
    ? undefined
    : { expected: 'the name of a variable', fix: 'for example DEFAULT_TENANT_ID' },
);

const configStep = z.strictObject({
  target: word.describe("An env-file or secret-store target of the worker's config."),
  set: z.record(variable, value).describe('Variables and their values, none of them secret.'),
});

const unconfigStep = z.strictObject({
  target: word.describe("An env-file or secret-store target of the worker's config."),
  remove: z.array(variable).min(1).max(50).describe('Variables; `INITIAL_ADMIN_*` names all that begin so.'),
  after: commandSpec.optional().describe('Must end with 0 first: the proof that they are needed no longer.'),
});

const profilingStep = z.strictObject({
  slow: duration.describe('Statements that take longer are recorded while the run lasts.'),
});

/** One stage of an aggregation: checked for stages that write by check-aggregates.ts. */
const stage = z.record(z.string(), z.json());

export const aggregateQuestion = {
  table: table.describe('The collection.'),
  pipeline: z.array(stage).min(1).max(50).describe('Stages, values as extended JSON; none that writes or runs code.'),
  expect: expectation,
};

const aggregateStep = z.strictObject({
  name: word.optional().describe('Part of the step id; default: its place in the list.'),
  ...aggregateQuestion,
  as: z.array(actor).min(1).max(2).default(['owner', 'app']).describe("Who asks: the tool, the application's user."),
});

/** What may stand in the list of any phase. */
export const sharedEntry = {
  manual: manualStep.optional().describe('Something that only people can do, at this place of the list.'),
  command: commandStep.optional().describe("A program of the worker's allow-list."),
  http: httpStep.optional().describe('A request.'),
};

export const preflightEntry = {
  ...sharedEntry,
  profiling: profilingStep.optional().describe('Slow statements are recorded; put back in contract or rollback.'),
};

export const configureEntry = {
  ...sharedEntry,
  config: configStep.optional().describe('Variables that are staged here and live from the switch on.'),
};

export const validateEntry = {
  ...sharedEntry,
  aggregate: aggregateStep.optional().describe('An aggregation, and what it must answer.'),
};

export const contractEntry = {
  ...sharedEntry,
  unconfig: unconfigStep.optional().describe('Variables that nobody needs any more.'),
};

export const deploy = z.strictObject({
  service: word.describe("A service of the worker's config."),
  build: textThat('build', (text) =>
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(text)
      ? undefined
      : { expected: 'the name of a build: letters, digits, dots, - and _', fix: 'for example 2026-11' },
  ).describe('The build that runs from then on.'),
  timeout: duration.prefault('60s').describe('How long it may take until it is healthy.'),
});

export const exportSpec = z.strictObject({
  name: word.describe('What its files are called.'),
  table: table.describe('Whose rows.'),
  columns: z.array(column).min(1).max(50).describe('Which columns; none of them secret.'),
  key: column.describe('The column that tells one row from another.'),
});

export const sqlProbe = z.strictObject({
  name: label.optional().describe('Default: `query <place>`.'),
  sql: sqlText.describe('One query that only reads.'),
  expect: expectation,
  as: actor.default('app').describe('Who asks.'),
});

export const aggregateProbe = z.strictObject({
  name: label.describe('What it is called in reports.'),
  ...aggregateQuestion,
  as: actor.default('app').describe('Who asks.'),
});

export const logProbe = z.strictObject({
  name: label.describe('What it is called in reports.'),
  target: word.describe("A log of the worker's config."),
  errors: z.array(label).min(1).max(20).describe('A line that contains one of these is an error.'),
  factor: z
    .number()
    .min(1)
    .max(1000)
    .default(3)
    .describe('More errors per minute than so many times those before the run are a failure.'),
});

export const serverProbe = z.strictObject({
  name: label.default('server').describe('What it is called in reports.'),
});
