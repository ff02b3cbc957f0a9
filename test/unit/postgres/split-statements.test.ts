import { createdFunctions } from '../../../activities/postgres/created-functions';
import { refuseTransactionControl, splitStatements } from '../../../activities/postgres/split-statements';

describe('a script is cut into statements', () => {
  test.each<readonly [string, string, readonly string[]]>([
    ['at semicolons', 'SELECT 1; SELECT 2', ['SELECT 1', 'SELECT 2']],
    ['not in strings', `SELECT 'a;b', E'it\\';s', 'it''s;'`, [`SELECT '', '', ''`]],
    ['not in quoted names', 'SELECT "a;b"', ['SELECT "a;b"']],
    ['not in comments, nested ones included', 'SELECT 1 -- a;\n, 2 /* b; /* c; */ d; */', ['SELECT 1 , 2']],
    ['not in dollar quotes', 'DO $x$ BEGIN a; END $x$; SELECT $$;$$', [`DO ''`, `SELECT ''`]],
    [
      'not in bodies of SQL functions',
      'CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END; SELECT 3',
      ['CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END', 'SELECT 3'],
    ],
    ['an open end is kept', `SELECT 'open; SELECT 2`, [`SELECT 'open`, 'SELECT 2']],
    ['nothing is nothing', ' ;; -- x', []],
  ])('%s', (_name, sql, expected) => {
    expect(splitStatements(sql)).toEqual(expected);
  });

  test.each([
    'COMMIT',
    'begin; select 1',
    'select 1; /* x */ Rollback',
    'SET ROLE app',
    'set local role x',
    'RESET ROLE',
    'END',
  ])('"%s" is refused inside the tool’s transaction', (sql) => {
    expect(() => refuseTransactionControl(sql, 'a.sql')).toThrow(/a\.sql holds/);
  });

  test.each([
    'CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$',
    'SET LOCAL work_mem = 1',
    `SELECT 'COMMIT'`,
  ])('"%s" is not', (sql) => {
    expect(() => refuseTransactionControl(sql, 'a.sql')).not.toThrow();
  });
});

test('the functions that a script creates are found by schema and name', () => {
  const sql = `create or replace function public.a(x int) returns int as $$ create function no() $$ language sql;
    CREATE FUNCTION B() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE PROCEDURE "My Schema"."P""1"() LANGUAGE sql AS ''`;
  expect(createdFunctions(sql)).toEqual(['public.a', 'public.b', 'My Schema.P"1']);
});
