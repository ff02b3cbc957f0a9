import { z } from 'zod';
import type { CheckInput, Finding } from './finding';
import { parseColumnRef } from './identifiers';
import type { PathPart } from './problem';

const SCHEMA = z.strictObject({
  options: z.record(z.string(), z.json()).default({}),
  indexes: z
    .array(
      z.strictObject({
        name: z.string().min(1),
        key: z.record(z.string(), z.union([z.literal(1), z.literal(-1)], 'not 1 (ascending) or -1 (descending)')),
        unique: z.boolean().default(false),
      }),
    )
    .default([]),
});

/** The JSON files that say how a collection of the plan is made: traps T0.9 and T3.4 are about their unique indexes. */
export function collectionFiles({ plan, artifacts }: CheckInput): readonly Finding[] {
  const { registry, membership, key } = plan.tenancy;
  const id = parseColumnRef(key.references)?.column ?? '';
  const wanted = [
    {
      at: ['tenancy', 'registry', 'create'],
      file: registry.create,
      unique: [...new Set([id, registry.identify])].map((column) => [column]),
      because: 'a find and then an insert by two at once makes two tenants',
    },
    ...(membership
      ? [
          {
            at: ['tenancy', 'membership', 'create'],
            file: membership.create,
            unique: [[membership.user, membership.tenant]],
            because: 'a user becomes a member of a tenant once, however often a step runs',
          },
        ]
      : []),
  ];
  return wanted.flatMap(({ at, file, unique, because }): readonly Finding[] => {
    const artifact = artifacts.find((a) => a.file === file);
    if (!artifact) return [];
    const parsed = parseCollection(artifact.text);
    if (typeof parsed === 'string') return [broken(at, file, parsed)];
    const own = parsed.indexes.find((i) => Object.keys(i.key).join() === '_id');
    if (own) return [overId(at, file, own.name)];
    const have = parsed.indexes.filter((i) => i.unique).map((i) => Object.keys(i.key).sort().join(','));
    return unique
      .filter((columns) => columns.join() !== '_id')
      .filter((columns) => !have.includes([...columns].sort().join(',')))
      .map((columns) => ({
        at,
        detail: file,
        found: `no unique index over ${columns.join(' and ')}`,
        expected: `one: ${because}`,
        fix: `{ "name": "${columns.join('_')}_1", "key": { ${columns.map((c) => `"${c}": 1`).join(', ')} }, "unique": true } under "indexes"`,
      }));
  });
}

function parseCollection(text: string): z.output<typeof SCHEMA> | string {
  try {
    const read = SCHEMA.safeParse(JSON.parse(text));
    if (read.success) return read.data;
    const [issue] = read.error.issues;
    return issue ? `${issue.path.join('.') || 'the file'}: ${issue.message}` : 'not of this shape';
  } catch {
    return 'text that is not JSON';
  }
}

/** The server makes it and refuses another one, whatever it is called. */
function overId(at: readonly PathPart[], file: string, name: string): Finding {
  return {
    at,
    detail: file,
    found: `an index over _id, ${name}`,
    expected: 'none: every collection has one of its own, which is unique',
    fix: 'take it out of "indexes"',
  };
}

function broken(at: readonly PathPart[], file: string, found: string): Finding {
  return {
    at,
    detail: file,
    found,
    expected: 'a JSON object with "options" and "indexes"',
    fix: '{ "options": {}, "indexes": [{ "name": "id_1", "key": { "id": 1 }, "unique": true }] }',
  };
}
