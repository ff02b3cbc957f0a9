import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compilePlanFile } from '../../../src/plan/compile-file';
import { renderProblem } from '../../../src/plan/problem';

/**
 * Every plan of test/plans/invalid and, beside it, everything that is said about it. A new case is a new file: run with
 * UPDATE_EXPECT=1 to have its `.expect` written, and read it.
 */
const FOLDER = join(__dirname, '../../plans/invalid');
const CASES = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml'));

describe('a plan that is wrong is refused with the place, what was found, what was expected and what to write', () => {
  test.each(CASES)('%s', async (name) => {
    const said = await refusals(join(FOLDER, name));
    const expectFile = join(FOLDER, name.replace(/\.yaml$/, '.expect'));
    if (process.env.UPDATE_EXPECT === '1' || !existsSync(expectFile)) writeFileSync(expectFile, said);
    expect(said).toBe(readFileSync(expectFile, 'utf8'));
  });

  test.each(CASES)('%s: each problem has all four parts, in text that a terminal shows as it is', async (name) => {
    const result = await compilePlanFile(join(FOLDER, name));
    if (result.ok) throw new Error(`${name} was accepted.`);
    for (const problem of result.problems) {
      for (const part of [problem.path, problem.found, problem.expected, problem.fix]) {
        expect(part).not.toBe('');
        expect(part.length).toBeLessThan(400);

        expect(part).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
      }
    }
  });

  it('has a case for every file that expects something', () => {
    const expects = readdirSync(FOLDER).filter((name) => name.endsWith('.expect'));
    expect(expects.map((name) => name.replace(/\.expect$/, '.yaml')).sort()).toEqual([...CASES].sort());
  });
});

async function refusals(path: string): Promise<string> {
  const result = await compilePlanFile(path);
  if (result.ok) throw new Error(`${path} was accepted.`);
  return `${result.problems.map(renderProblem).join('\n\n')}\n`;
}
