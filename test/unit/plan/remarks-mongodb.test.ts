import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compiled } from './compiled';

const FOLDER = join(__dirname, '../../plans/valid');

describe('what the plan of a fence by another mechanism promises', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'plan-'));
    cpSync(FOLDER, folder, { recursive: true });
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test.each([
    [
      'mechanism: role',
      /an insert, an update and a delete of the application's own user must be refused \(fence role\)/,
    ],
    ['mechanism: validator', /Here an insert and an update of .* must be refused \(fence validator\)/],
    [
      'mechanism: hook, close: { argv: [appctl, close] }, open: { argv: [appctl, open] }',
      /the plan's own command makes the application read-only, and the change stream must be silent/,
    ],
  ])('%s: no more than is asked', async (mechanism, sentence) => {
    const file = join(folder, 'mongodb-smallest.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace('mechanism: role', mechanism));
    const { plan } = await compiled(file);
    expect(plan.remarks.find((remark) => remark.startsWith('T0.8 '))).toMatch(sentence);
  });

  it('names the traps in the order of the runbook, and the budget of the fence', async () => {
    const { plan } = await compiled(join(FOLDER, 'mongodb-smallest.yaml'));
    const traps = plan.remarks.flatMap((remark) => /^T0\.(\d+) /.exec(remark)?.[1] ?? []).map(Number);
    expect(traps).toEqual([...traps].sort((a, b) => a - b));
    expect(traps).toEqual([1, 2, 3, 4, 5, 7, 8, 9]);
    expect(plan.remarks.at(-1)).toMatch(/^REFUSED Writes are refused from the fence to the opening, for at most /);
  });

  it('leaves nothing of the application out of the backup: what is the tool’s own lies in another database', async () => {
    const { plan } = await compiled(join(FOLDER, 'mongodb-smallest.yaml'));
    expect(plan.steps.find(({ kind }) => kind === 'backup')?.args).toMatchObject({ exclude: [] });
  });

  it('calls collections and documents by their names', async () => {
    const { plan } = await compiled(join(FOLDER, 'mongodb-smallest.yaml'));
    for (const { title } of plan.steps) expect(title).not.toMatch(/\b(tables?|rows?)\b/);
  });
});
