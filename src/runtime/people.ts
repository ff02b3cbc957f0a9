import { z } from 'zod';
import { digestOf } from '../core/json';
import type { People } from '../core/people';
import { FileProblems } from './problem';
import { schemaProblems } from './schema-problems';
import { readYamlFile } from './yaml-file';

/**
 * Reads `cutover.people.yaml`. Its digest is that of what it says, not of how it is written: a new comment reopens no gate.
 *
 * @throws FileProblems with every problem at once.
 */
export async function loadPeople(file: string): Promise<People> {
  const raw = await readYamlFile(file);
  const parsed = peopleSchema.safeParse(raw);
  if (!parsed.success)
    throw new FileProblems(file, schemaProblems({ error: parsed.error, value: raw, keys: ['people', 'roles'] }));
  const roles = Object.fromEntries(Object.entries(parsed.data.people).map(([name, person]) => [name, person.roles]));
  return { roles, digest: digestOf(parsed.data), mode: 'claimed' };
}

const word = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/,
    'expected a name of letters, digits, . _ @ and -, at most 64; rename it',
  );

const roles = z
  .array(word)
  .min(1, 'expected at least one role; name one or remove the person')
  .refine((list) => new Set(list).size === list.length, 'expected each role once; remove the repeated one');

const peopleSchema = z.strictObject({
  people: z
    .record(word, z.strictObject({ roles }))
    .refine(
      (people) => Object.keys(people).length > 0,
      'expected at least one person; gates need somebody who decides',
    ),
});
