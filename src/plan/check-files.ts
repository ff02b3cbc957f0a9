import type { Artifact } from './artifacts';
import type { CheckInput, Finding } from './finding';
import { sqlEntries } from './entries';
import { qualified } from './identifiers';
import { pathText, type PathPart } from './problem';
import type { PlanFile } from './schema/plan';
import { createdFunctions, createdTables, droppedFunctions } from './sql/created';
import { objection } from './sql/rules';
import { scanSql } from './sql/scan';

/** What the SQL files beside the plan hold. */
export function checkFiles(input: CheckInput): readonly Finding[] {
  if (input.plan.engine === 'mongodb') return [];
  return [...input.artifacts.flatMap((a) => checkScript(a, input.plan)), ...createFiles(input), ...waysBack(input)];
}

function checkScript(artifact: Artifact, plan: PlanFile): readonly Finding[] {
  const { statements, unclosed } = scanSql(artifact.text);
  const at = artifact.path;
  if (unclosed !== undefined) {
    return [
      {
        at,
        detail: artifact.file,
        found: `${unclosed} that does not end`,
        expected: 'SQL statements',
        fix: 'close it',
      },
    ];
  }
  if (statements.length === 0) {
    return [
      {
        at,
        detail: artifact.file,
        found: 'only comments',
        expected: 'SQL statements',
        fix: 'write them, or take the step out',
      },
    ];
  }
  const waived = artifact.use !== 'create' && unsafeOf(artifact.path, plan) !== undefined;
  return statements.flatMap((statement) => {
    const against = objection(statement, artifact.use);
    if (!against || (waived && !against.never)) return [];
    const expected =
      artifact.use === 'create'
        ? 'CREATE TABLE, COMMENT and GRANT'
        : 'statements that are safe while the application works';
    return [
      { at, detail: `${artifact.file}, line ${statement.line}`, found: against.found, expected, fix: against.fix },
    ];
  });
}

function unsafeOf(path: readonly PathPart[], plan: PlanFile): string | undefined {
  return sqlEntries(plan).find(({ at }) => pathText(path).startsWith(`${pathText(at)}.`))?.spec.unsafe;
}

/** The file of a table creates that table, and no other. */
function createFiles({ plan, artifacts }: CheckInput): readonly Finding[] {
  const { registry, membership } = plan.tenancy;
  const specs = [
    { at: ['tenancy', 'registry', 'create'], spec: registry },
    ...(membership ? [{ at: ['tenancy', 'membership', 'create'], spec: membership }] : []),
    ...(plan.log ? [{ at: ['log', 'create'], spec: plan.log }] : []),
  ];
  return specs.flatMap(({ at, spec }): readonly Finding[] => {
    const file = artifacts.find((a) => a.use === 'create' && a.file === spec.create);
    if (!file) return [];
    const created = createdTables(file.text).map((t) => qualified(t.name));
    if (created.length === 1 && created[0] === qualified(spec.table)) return hidden(file.text, at, spec.create);
    const found = created.length === 0 ? 'no CREATE TABLE' : `CREATE TABLE of ${created.join(' and ')}`;
    return [
      {
        at,
        detail: spec.create,
        found,
        expected: `CREATE TABLE of ${qualified(spec.table)} and of no other`,
        fix: `CREATE TABLE ${qualified(spec.table)} (...)`,
      },
    ];
  });
}

function hidden(text: string, at: readonly PathPart[], file: string): readonly Finding[] {
  if (!scanSql(text).statements.some((s) => /^create\s+table\s+if\s+not\s+exists\b/i.test(s.code))) return [];
  const expected = 'CREATE TABLE: with IF NOT EXISTS a table of another shape would pass for this one';
  return [
    {
      at,
      detail: file,
      found: 'IF NOT EXISTS',
      expected,
      fix: 'take IF NOT EXISTS out; a second run of the step is harmless anyway',
    },
  ];
}

/** Every step has a way back, or says why it has none. */
function waysBack({ plan, artifacts }: CheckInput): readonly Finding[] {
  return sqlEntries(plan).flatMap(({ at, spec: sql }): readonly Finding[] => {
    if (sql.undo !== undefined && sql.irreversible !== undefined) {
      return [
        {
          at,
          found: 'both undo and irreversible',
          expected: 'a way back, or the reason why there is none',
          fix: 'take one of the two out',
        },
      ];
    }
    if (sql.undo === undefined && sql.irreversible === undefined) {
      return [
        {
          at,
          found: 'no undo',
          expected: 'a way back, or the reason why there is none',
          fix: 'undo: <file>, or irreversible: <reason>, which approvers are shown',
        },
      ];
    }
    const forward = artifacts.find((a) => a.file === sql.file);
    const back = artifacts.find((a) => a.file === sql.undo);
    return forward && back ? leftBehind(forward, back, at) : [];
  });
}

function leftBehind(forward: Artifact, back: Artifact, at: readonly PathPart[]): readonly Finding[] {
  const handled = new Set(
    [...droppedFunctions(back.text), ...createdFunctions(back.text)].map((f) => qualified(f.name)),
  );
  return createdFunctions(forward.text)
    .filter((f) => !handled.has(qualified(f.name)))
    .map((f) => ({
      at: [...at, 'undo'],
      detail: back.file,
      found: `no DROP of the function ${f.name}, which ${forward.file} creates in line ${f.line}`,
      expected: 'statements that leave nothing behind',
      fix: `DROP FUNCTION ${f.name}(...)`,
    }));
}
