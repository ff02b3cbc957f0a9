import { appendFile, copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freezeBench, type FreezeBench } from '../../support/freeze-bench';
import { MONGO_PATIENCE } from '../../support/mongo';

jest.setTimeout(90_000);

let bench: FreezeBench;

beforeEach(async () => {
  bench = await freezeBench();
}, MONGO_PATIENCE);

afterEach(() => bench?.close());

test('a configuration that somebody edited after it went live is not overwritten on the way back: the run says by whose keys, what stays and what to type, and that is enough', async () => {
  const file = join(bench.dir, 'app.env');
  const kept = `${file}.before-${bench.run.ref.id}`;
  const before = await readFile(file, 'utf8');
  await bench.run.do(bench.step());
  await appendFile(file, 'LOG_LEVEL=debug\n');
  const edited = await readFile(file, 'utf8');

  const said: unknown = await bench.run.undo(bench.step()).catch((error: unknown) => (error as Error).message);
  expect(said).toMatch(/LOG_LEVEL/);
  expect(said).not.toMatch(/debug/);
  expect(said).toContain(`cp -p ${file} ${file}.edited && cat ${kept} > ${file}`);
  expect(said).toMatch(/`cutover retry`/);
  expect(said).not.toMatch(/`cutover rollback`/);
  expect(await readFile(file, 'utf8')).toBe(edited);
  expect(await bench.build()).toBe('v2');
  await expect(
    bench.app.collection('leads').insertOne({ name: 'goes on', tenantId: 'default' }),
  ).resolves.toBeDefined();

  await copyFile(file, `${file}.edited`);
  await writeFile(file, await readFile(kept));
  expect(await bench.run.undo(bench.step())).toMatchObject({ verdict: 'pass' });
  expect(await bench.build()).toBe('v1');
  expect(await readFile(file, 'utf8')).toBe(before);
});
