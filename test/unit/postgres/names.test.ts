import { dollarQuoted, fit63, ident, qualified } from '../../../activities/postgres/identifiers';
import { keyNames } from '../../../activities/postgres/names';
import { indexColumns } from '../../../activities/postgres/statements/index-concurrently';
import { keyStatements } from '../../../activities/postgres/statements/key';
import { cursorSql } from '../../../activities/postgres/statements/query';

test('a derived name fits 63 bytes, is cut at a character, and stays another than its neighbour', () => {
  const long = fit63(`cutover_stamp_${'ü'.repeat(40)}_a`);
  expect(Buffer.byteLength(long)).toBeLessThanOrEqual(63);
  expect(long).not.toBe(fit63(`cutover_stamp_${'ü'.repeat(40)}_b`));
  expect(long).not.toContain('\ufffd');
  const names = keyNames(`public.${'t'.repeat(63)}`, 'c'.repeat(63));
  for (const name of [names.sequence, names.stamp.function, names.forget.function])
    expect(() => qualified(name)).not.toThrow();
  expect(names.stamp.trigger).not.toBe(names.forget.trigger);
});

test('names are quoted whatever they hold, and refused when the server would cut them', () => {
  expect(qualified('my schema.a"b.c')).toBe('"my schema"."a""b.c"');
  expect(() => ident('x'.repeat(64))).toThrow(/63 bytes/);
  expect(() => ident('')).toThrow();
  expect(() => qualified('users')).toThrow(/write it as schema\.name/);
});

test('a function body cannot close its own quotes', () => {
  expect(dollarQuoted('$cutover$')).toBe('$cutover1$\n$cutover$\n$cutover1$');
});

test.each([
  [['created_at desc'], '"created_at" DESC'],
  [['a', ' b  ASC  nulls Last '], '"a", "b" ASC NULLS LAST'],
] as const)('index columns %j', (columns, sql) => {
  expect(indexColumns(columns)).toBe(sql);
});

test.each(['a; drop table x', 'lower(a)', 'a desc, b', '"a"', ''])('"%s" is no index column', (column) => {
  expect(() => indexColumns([column])).toThrow(/not a column of an index/);
});

test.each(['DELETE FROM a', 'SELECT 1; SELECT 2', ''])('"%s" is no query of a check', (sql) => {
  expect(() => cursorSql(sql)).toThrow(/is not one SELECT/);
});

test('the preview shows the statements of the key, with a place for what is captured', () => {
  const args = {
    table: 'public.users',
    column: 'client_id',
    type: 'uuid',
    tenant: { step: 'expand/registry', name: 'tenant' },
  };
  const shown = keyStatements(args, {
    marker: 'cutover run step',
    owner: '<owner of public.users>',
    value: (c) => `<${c.name} captured by ${c.step}>`,
  });
  expect(shown.forward.map((s) => s.sql).join('\n')).toContain(
    `ADD COLUMN "client_id" uuid DEFAULT '<tenant captured by expand/registry>'::uuid`,
  );
  expect(shown.back.map((s) => s.sql).join('\n')).toContain('DROP COLUMN IF EXISTS "client_id"');
});
