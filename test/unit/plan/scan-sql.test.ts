import { createdFunctions } from '../../../src/plan/sql/created';
import { notReadOnly } from '../../../src/plan/sql/read-only';
import { objection } from '../../../src/plan/sql/rules';
import { scanSql } from '../../../src/plan/sql/scan';

describe('a script is cut at its semicolons and nowhere else', () => {
  test.each([
    ['texts', `SELECT 'a;b'; SELECT 'it''s; one'`, 2],
    ['escaped texts', String.raw`SELECT E'a\';b'; SELECT 2`, 2],
    ['names', 'SELECT 1 AS "a;b"; SELECT 2', 2],
    ['line comments', 'SELECT 1 -- ; DROP TABLE x\n; SELECT 2', 2],
    ['nested comments', 'SELECT 1 /* a /* ; */ ; */; SELECT 2', 2],
    ['dollar quotes', 'DO $$ a; b; $$; DO $x$ $$ ; $$ ; $x$', 2],
    ['parameters', 'SELECT $1; SELECT $2', 2],
    [
      'bodies of SQL functions',
      'CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 1 END; END; SELECT 2',
      2,
    ],
    ['nothing', ' ; ;; -- only this\n', 0],
  ])('%s', (_, script, count) => {
    expect(scanSql(script).statements).toHaveLength(count);
  });

  test.each(["SELECT 'a", 'SELECT "a', 'SELECT $x$ a $y$', 'SELECT /* a /* b */', String.raw`SELECT E'a\'`])(
    '%s has no end',
    (script) => {
      expect(scanSql(script).unclosed).toBeDefined();
    },
  );

  it('knows the line of each statement', () => {
    expect(scanSql('-- first\n\nSELECT 1;\n\n  SELECT\n 2;').statements.map((s) => s.line)).toEqual([3, 5]);
  });
});

describe('names of functions are what the server makes of them', () => {
  test.each([
    ['CREATE FUNCTION Public.Tenant_Of(uuid) RETURNS uuid AS 1', 'public.tenant_of'],
    ['create or replace function "Tenant" () returns int', 'Tenant'],
    ['CREATE /* x */ PROCEDURE "A" . b()', 'A.b'],
  ])('%s', (script, name) => {
    expect(createdFunctions(script).map((f) => f.name)).toEqual([name]);
  });
});

describe('statements on the way forward', () => {
  const safe = [
    "COMMENT ON TABLE t IS 'DROP'",
    'GRANT SELECT ON t TO app',
    'CREATE VIEW v AS SELECT 1',
    'CREATE TABLE t (id int REFERENCES u ON DELETE CASCADE)',
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql SET search_path = '' AS 'SELECT 1'",
  ];
  test.each(safe)('%s is safe', (sql) => {
    expect(judge(sql)).toBeUndefined();
  });

  const unsafe = [
    'DROP VIEW v CASCADE',
    'drop table t',
    'CREATE UNIQUE INDEX i ON t (a)',
    'ALTER TABLE t ADD COLUMN a int',
    'ALTER TABLE t ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES u',
    'ALTER TYPE e ADD VALUE $$x$$',
    'CLUSTER t',
    'LOCK TABLE t',
    'DO $$ $$',
    'REVOKE ALL ON t FROM app CASCADE',
    'EXPLAIN ANALYZE DELETE FROM t',
  ];
  test.each(unsafe)('%s needs a reason', (sql) => {
    expect(judge(sql)).toMatchObject({ fix: expect.any(String) as string });
    expect(judge(sql)?.never).toBeUndefined();
  });

  const never = [
    'BEGIN',
    'COMMIT',
    'SET ROLE owner',
    'RESET ALL',
    'VACUUM t',
    'COPY t FROM PROGRAM $$rm$$',
    'CREATE INDEX CONCURRENTLY i ON t (a)',
    "ALTER ROLE app PASSWORD 'x'",
    'ALTER SYSTEM SET fsync = off',
    '\\! rm',
    'CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1 -- SET search_path = x $$',
  ];
  test.each(never)('%s is refused whatever the reason', (sql) => {
    expect(judge(sql)?.never).toBe(true);
  });

  function judge(sql: string): ReturnType<typeof objection> {
    const [statement] = scanSql(sql).statements;
    if (!statement) throw new Error(`No statement in ${sql}.`);
    return objection(statement, 'statements');
  }
});

describe('a query of the plan only reads', () => {
  test.each([
    'select 1',
    ' (select 1) union (select 2);',
    'with a as (select 1) select * from a',
    "select 'delete from t'",
    'select "update" from t',
    'select updated_at, deleted from t',
    'values (1)',
  ])('%s', (sql) => {
    expect(notReadOnly(sql)).toBeUndefined();
  });

  test.each([
    '',
    'delete from t',
    'with a as (delete from t returning 1) select * from a',
    'select 1; select 2',
    'select * into t from u',
    "select set_config('a', 'b', false)",
    'select pg_terminate_backend(1)',
    "select nextval('s')",
    'select 1 for update',
    "select 'a",
  ])('not %j', (sql) => {
    expect(notReadOnly(sql)).toBeDefined();
  });
});
