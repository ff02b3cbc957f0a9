import { evidenceOf } from '../../../src/core/evidence';

test('a summary names every check that failed, and stays one line where none did', () => {
  const checks = Array.from({ length: 9 }, (_, n) => ({
    ...{ name: `check ${n}`, verdict: 'fail' as const, expected: 'nothing' },
    observed: `public.table_${n} is partitioned; leave it out of the plan`,
  }));
  const { summary } = evidenceOf('app: 0 of 9 checks pass', checks);
  for (const { observed } of checks) expect(summary).toContain(observed);
  expect(evidenceOf('x'.repeat(2_000), []).summary).toHaveLength(300);
});
