import type { CheckInput, Finding } from './finding';
import { parseColumnRef } from './identifiers';
import type { PathPart } from './problem';
import { scanSql } from './sql/scan';

/**
 * Columns that the plan names in a table which its own file creates: a misspelt one would be found by the server only
 * after the gate. Only names that stand nowhere in the file are reported; where it takes columns from elsewhere, none.
 */
export function checkCreatedColumns({ plan, artifacts }: CheckInput): readonly Finding[] {
  if (plan.engine !== 'postgres') return [];
  const { registry, membership, key } = plan.tenancy;
  const wanted: readonly Wanted[] = [
    ...(parseColumnRef(key.references)
      ? [{ at: ['tenancy', 'key', 'references'], column: parseColumnRef(key.references)?.column ?? '' }]
      : []),
    ...Object.keys(registry.default).map((column) => ({ at: ['tenancy', 'registry', 'default', column], column })),
  ].map((w) => ({ ...w, table: registry.table, file: registry.create }));
  const members: readonly Wanted[] = membership
    ? (['user', 'tenant', 'roleColumn'] as const).map((word) => ({
        at: ['tenancy', 'membership', word],
        column: membership[word],
        table: membership.table,
        file: membership.create,
      }))
    : [];
  return [...wanted, ...members].flatMap(({ at, column, table, file }) => {
    const names = namesIn(artifacts.find((a) => a.file === file)?.text, table);
    if (names === undefined || names.includes(column)) return [];
    const near = names.find((n) => n.toLowerCase() === column.toLowerCase());
    return [
      {
        at,
        found: `the column ${column}, of which ${file} says nothing`,
        expected:
          'a column of the CREATE TABLE, upper case as the catalog will have it (what stands without quotes is lower case)',
        fix: near ?? 'correct the name here, or in the file',
      },
    ];
  });
}

interface Wanted {
  readonly at: readonly PathPart[];
  readonly column: string;
  readonly table: string;
  readonly file: string;
}

/** Every name of the file, as the server would read it; undefined where it cannot be told, or another table is created. */
function namesIn(text: string | undefined, table: string): readonly string[] | undefined {
  if (text === undefined) return undefined;
  const code = scanSql(text)
    .statements.map((s) => s.code)
    .join(';');
  if (/\b(like|inherits|of|as\s+select|partition)\b/iu.test(code)) return undefined;
  const created = /\bcreate\s+(?:unlogged\s+)?table\s+(?:if\s+not\s+exists\s+)?([^\s(]+)/iu.exec(code)?.[1];
  if (created === undefined || nameOf(created.split('.').at(-1) ?? '') !== table.split('.').at(-1)) return undefined;
  return [...code.matchAll(NAME)].map(([word]) => nameOf(word));
}

function nameOf(word: string): string {
  return word.startsWith('"') ? word.slice(1, -1).replaceAll('""', '"') : word.toLowerCase();
}

const NAME = /"(?:[^"]|"")*"|[\p{L}_][\p{L}\p{N}_$]*/gu;
