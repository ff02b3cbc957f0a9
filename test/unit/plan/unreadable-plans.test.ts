import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compilePlanFile } from '../../../src/plan/compile-file';

const VALID = readFileSync(join(__dirname, '../../plans/valid/smallest.yaml'), 'utf8');

/** Files that cannot lie in a repository, or should not: made here. */
describe('a file that is no plan is refused with the reason, and nothing hangs', () => {
  let folder = '';
  let plan = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'plan-'));
    plan = join(folder, 'plan.yaml');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const bytes: readonly (readonly [string, Buffer, string])[] = [
    ['UTF-16 with a byte order mark (case 4)', Buffer.from(`\ufeff${VALID}`, 'utf16le'), 'UTF-16 text'],
    ['UTF-16, big endian (case 4)', Buffer.from(`\ufeff${VALID}`, 'utf16le').swap16(), 'UTF-16 text'],
    ['UTF-16 without a mark (case 4)', Buffer.from(VALID, 'utf16le'), 'UTF-16 text without a byte order mark'],
    [
      'invalid UTF-8 (case 5)',
      Buffer.concat([Buffer.from(VALID), Buffer.from([0x23, 0xff, 0xfe, 0x0a])]),
      `bytes that are not UTF-8, in line ${VALID.split('\n').length}`,
    ],
    [
      'a surrogate in UTF-8 (case 5)',
      Buffer.from([0x61, 0x3a, 0x20, 0xed, 0xa0, 0x80]),
      'bytes that are not UTF-8, in line 1',
    ],
    ['a NUL byte (case 6)', Buffer.from(VALID.replace('phase-1', 'phase\0-1')), 'a NUL byte at offset 22'],
    ['nothing (case 1)', Buffer.alloc(0), 'an empty file, or only comments'],
    ['10 MB (case 19)', Buffer.alloc(10 * 1024 * 1024, '# '), 'a file of 10 MB'],
    [
      '20,000 lists within each other (case 15)',
      Buffer.from(`a: ${'['.repeat(20_000)}${']'.repeat(20_000)}`),
      'more than 40 levels of lists and maps within each other',
    ],
    [
      '20,000 dashes in one line (case 15)',
      Buffer.from(`${'- '.repeat(20_000)}x`),
      'more than 40 levels of lists and maps within each other',
    ],
    [
      '20,000 question marks in one line (case 15)',
      Buffer.from(`${'? '.repeat(20_000)}x`),
      'more than 40 levels of lists and maps within each other',
    ],
    [
      'brackets that comments close (case 15)',
      Buffer.from('[\n# ]\n'.repeat(20_000)),
      'more than 40 levels of lists and maps within each other',
    ],
    [
      'an escape sequence that clears the terminal',
      Buffer.from(VALID.replace('staging', 'staging # \u001b[2J')),
      'a character that readers do not see: \\u001b',
    ],
  ];
  test.each(bytes)('%s', async (_, content, found) => {
    writeFileSync(plan, content);
    expect(await refusal(plan)).toBe(found);
  });

  it('a directory (case 20)', async () => {
    mkdirSync(plan);
    expect(await refusal(plan)).toBe('a directory');
  });

  it('a named pipe that nobody writes into (case 20)', async () => {
    execFileSync('mkfifo', [plan]);
    expect(await refusal(plan)).toBe('a named pipe');
  });

  it('a device without end (case 20)', async () => {
    expect(await refusal('/dev/zero')).toBe('a device or socket');
  });

  it('a link that points at nothing (case 20)', async () => {
    symlinkSync(join(folder, 'nowhere.yaml'), plan);
    expect(await refusal(plan)).toBe('no such file');
  });

  it('a link that points at itself (case 20)', async () => {
    symlinkSync(plan, plan);
    expect(await refusal(plan)).toBe('links that go round in a circle');
  });

  // root reads every file whatever its mode: there the case cannot be made.
  const asOthers = process.getuid?.() === 0 ? it.skip : it;
  asOthers('a file of mode 0000 (case 21; not as root)', async () => {
    writeFileSync(plan, VALID);
    chmodSync(plan, 0);
    expect(await refusal(plan)).toBe('a file that this user may not read');
  });
});

async function refusal(path: string): Promise<string> {
  const result = await compilePlanFile(path);
  if (result.ok) throw new Error(`${path} was accepted.`);
  expect(result.problems).toHaveLength(1);
  return result.problems[0]?.found ?? '';
}
