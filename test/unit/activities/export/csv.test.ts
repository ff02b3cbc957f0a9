import { csvText } from '../../../../activities/export/csv';
import { compareRows, inOrder } from '../../../../activities/export/rows';

it('quotes what RFC 4180 wants quoted, and ends every record with CRLF', () => {
  expect(
    csvText(
      ['a', 'b,c'],
      [
        { a: 'x "y"', 'b,c': 'line\nbreak' },
        { a: 'plain', 'b,c': 'a,b' },
      ],
    ),
  ).toBe('a,"b,c"\r\n"x ""y""","line\nbreak"\r\nplain,"a,b"\r\n');
});

it.each(['=1+1', '+SUM(A1)', '-cmd|x', '@x', '\tx', '\rx'])('makes %j inert for a spreadsheet', (text) => {
  expect(csvText(['a'], [{ a: text }])).toContain(`'${text}`);
});

it('leaves negative numbers as they are, and nothing for null and what is missing', () => {
  expect(csvText(['a', 'b', 'c', 'd'], [{ a: -5, b: '-1.5', c: null }])).toBe('a,b,c,d\r\n-5,-1.5,,\r\n');
});

const rowsOf = (...rows: readonly Record<string, string | null>[]) =>
  inOrder({ table: 'users', key: 'id', columns: ['id', 'role'], rows });

it('is in one order whatever order the rows were read in', () => {
  expect(rowsOf({ id: 'b' }, { id: 'a' })).toEqual(rowsOf({ id: 'a' }, { id: 'b' }));
});

it('refuses rows without a key, and two with the same', () => {
  expect(() => rowsOf({ id: null })).toThrow(/has no id/);
  expect(() => rowsOf({ id: 'a' }, { id: 'a' })).toThrow(/Two rows of users have the id "a"/);
});

it('names rows that came, are gone, or are different, and tells null from missing', () => {
  const before = rowsOf({ id: 'a', role: 'x' }, { id: 'b', role: null }, { id: 'c' });
  const now = rowsOf({ id: 'a', role: 'y' }, { id: 'b' }, { id: 'd' });
  expect(compareRows(before, now)).toEqual({ added: ['"d"'], gone: ['"c"'], changed: ['"a": role', '"b": role'] });
});
