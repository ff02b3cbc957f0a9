import { z } from 'zod';
import { isTimeZone } from '../../core/window';
import { duration, someOf, textThat, word } from './text';

const clock = textThat('time of day', (text) =>
  /^([01]\d|2[0-3]):[0-5]\d$/.test(text)
    ? undefined
    : { expected: 'a time of day from 00:00 to 23:59', fix: 'for example "22:00"' },
);

const zone = textThat('time zone', (text) =>
  /^[A-Za-z]/.test(text) && isTimeZone(text)
    ? undefined
    : { expected: 'a time zone by its name', fix: 'for example Europe/Berlin or UTC' },
);

export const gate = z.strictObject({
  require: someOf(
    z.strictObject({
      role: word.describe("A role of the worker's people file."),
      count: z.int().min(1).max(20).default(1).describe('So many different people with it.'),
    }),
  )
    .max(10)
    .describe('Who must approve. One person counts for one requirement.'),
  expires: duration.optional().describe('How long the gate waits; absent = for ever.'),
  onExpiry: z.enum(['hold', 'abort', 'rollback']).default('hold').describe('What then happens.'),
  excludeRequester: z.boolean().default(false).describe('`true`: whoever started the run does not count.'),
  window: z
    .strictObject({
      from: clock.describe('Begin.'),
      to: clock.describe('End; before `from` it is the next day.'),
      tz: zone.describe('Time zone.'),
    })
    .optional()
    .describe('The phase may start only within these hours; approved earlier, it waits for them.'),
  backupMaxAge: duration.optional().describe('How old the backup may be when the phase starts.'),
});

const gated = ['backup', 'expand', 'backfill', 'validate', 'cutover', 'observe', 'contract'] as const;

/** Written out, one optional gate per phase: an unknown phase is then an unknown key. */
export const gates = z
  .strictObject(
    Object.fromEntries(gated.map((phase) => [phase, gate.optional().describe(`Stop before ${phase}.`)])) as Record<
      (typeof gated)[number],
      z.ZodOptional<typeof gate>
    >,
  )
  .prefault({})
  .describe('Stops before phases until people decide. Production plans need expand, cutover and contract.');
