import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { projectRoot } from '../../../src/dev/project-root';

/** Something stays alive, and more goes out of use again and again, old enough to have left the new space. */
const CHURN = `
  globalThis.alive = Array.from({ length: 200_000 }, (_, i) => ({ i, pair: [i, i] }));
  before();
  let [held, most] = [[], 0];
  for (let i = 0; i < 3_000_000; i++) {
    held.push({ i, pair: [i, i] });
    if (held.length < 100_000) continue;
    held = [];
    most = Math.max(most, process.memoryUsage().heapUsed);
  }
  process.stdout.write(String(most));
`;

function mostUsed(before: string): number {
  const args = [
    '-r',
    join(projectRoot(), 'test/support/swc-register.cjs'),
    '-e',
    `const before = () => ${before};${CHURN}`,
  ];
  return Number(execFileSync(process.execPath, args, { encoding: 'utf8', env: { PATH: process.env['PATH'] } }));
}

test('a heap that is kept small holds less garbage beside what is alive', () => {
  const usual = mostUsed('undefined');
  const heap = `require(${JSON.stringify(join(projectRoot(), 'src/runtime/small-heap.ts'))})`;
  const kept = mostUsed(`(${heap}.keepHeapSmall(), ${heap}.collectGarbage())`);
  expect(usual).toBeGreaterThan(0);
  expect(kept).toBeGreaterThan(0);
  expect(kept).toBeLessThan(0.9 * usual);
}, 60_000);
