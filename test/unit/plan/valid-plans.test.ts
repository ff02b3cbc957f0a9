import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compilePlanFile } from '../../../src/plan/compile-file';
import { compiled } from './compiled';

const FOLDER = join(__dirname, '../../plans/valid');
const SMALLEST = join(FOLDER, 'smallest.yaml');

describe('a plan that is right', () => {
  test.each(readdirSync(FOLDER).filter((name) => name.endsWith('.yaml')))('%s compiles', async (name) => {
    const { plan } = await compiled(join(FOLDER, name));
    expect(plan.steps.length).toBeGreaterThan(10);
    expect(plan.steps.every((s) => s.title.endsWith('.') && s.title.length < 200)).toBe(true);
  });

  describe('is the same plan', () => {
    let folder = '';
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'plan-'));
      cpSync(FOLDER, folder, { recursive: true });
    });
    afterEach(() => rmSync(folder, { recursive: true }));

    test.each([
      ['with a byte order mark (case 3)', (text: string) => `\ufeff${text}`],
      ['with CRLF line ends (case 7)', (text: string) => text.replaceAll('\n', '\r\n')],
      ['with comments', (text: string) => `# reviewed by dba-1\n${text}`],
      ['with its defaults written out', (text: string) => `${text}freeze: { budget: 2s, stall: 100ms }\n`],
    ])('%s', async (_, change) => {
      const before = await compiled(SMALLEST);
      writeFileSync(join(folder, 'smallest.yaml'), change(readFileSync(SMALLEST, 'utf8')));
      expect((await compiled(join(folder, 'smallest.yaml'))).digest).toBe(before.digest);
    });

    test.each([
      ['a duration', 'smallest.yaml', '24h', '25h'],
      ['a count', 'smallest.yaml', 'count: 1', 'count: 2'],
      ['a query', 'smallest.yaml', 'rows: 0', 'rows: 1'],
      ['one byte of a SQL file', 'sql/functions.sql', 'is null', 'is  null'],
      ['one byte of an undo', 'sql/functions.undo.sql', 'DROP FUNCTION', 'DROP FUNCTION IF EXISTS'],
    ])('no more when %s is edited (case 42)', async (_, name, from, to) => {
      const before = await compiled(SMALLEST);
      const path = join(folder, name);
      const text = readFileSync(path, 'utf8');
      expect(text).toContain(from);
      writeFileSync(path, text.replace(from, to));
      expect((await compiled(join(folder, 'smallest.yaml'))).digest).not.toBe(before.digest);
    });

    it('wherever it lies', async () => {
      const here = await compilePlanFile(join(folder, 'smallest.yaml'));
      expect(here).toEqual(await compilePlanFile(SMALLEST));
    });
  });
});
