import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { runOrThrow } from '../../../src/dev/command';
import { projectRoot } from '../../../src/dev/project-root';
import { workflowBundle } from '../../support/workflow-bundle';

jest.setTimeout(120_000);

describe('the workflow bundle', () => {
  test('holds the core and the workflows, and no code of activities, drivers or the runtime', async () => {
    const { code } = await workflowBundle();
    expect(code).toContain('./src/core/apply.ts');
    expect(code).toContain('./workflows/cutover.ts');
    for (const foreign of [
      './activities/',
      './src/cli/',
      './src/dev/',
      './src/plan/',
      'node_modules/pg/',
      'node_modules/pino/',
    ]) {
      expect(code).not.toContain(foreign);
    }
  });

  test('takes nothing of the runtime but the payload converter', async () => {
    const { code } = await workflowBundle();
    const modules = new Set(code.match(/\.\/src\/runtime\/[a-z-]+\.ts/g));
    expect([...modules]).toEqual(['./src/runtime/payload-converter.ts']);
  });
});

describe('the installed packages of Temporal', () => {
  const folder = join(projectRoot(), 'node_modules', '@temporalio');
  const packages = readdirSync(folder).filter((name) => existsSync(join(folder, name, 'package.json')));

  test.each(['@temporalio/common', '@temporalio/proto', 'protobufjs'])(
    'share one %s: a second copy breaks instanceof and the replay of recorded histories',
    (name) => {
      const places = packages.map((user) => createRequire(join(folder, user, 'package.json')).resolve(name));
      expect(packages.length).toBeGreaterThan(5);
      expect(new Set(places).size).toBe(1);
    },
  );

  test('are of one version', () => {
    const versions = ['activity', 'client', 'common', 'core-bridge', 'proto', 'testing', 'worker', 'workflow'].map(
      (name) => (JSON.parse(readFileSync(join(folder, name, 'package.json'), 'utf8')) as { version: string }).version,
    );
    expect(new Set(versions).size).toBe(1);
  });

  test('are what `npm ls` calls deduped', async () => {
    const { PATH = '', HOME = '' } = process.env;
    const { stdout } = await runOrThrow('npm ls', {
      command: 'npm',
      args: ['ls', '@temporalio/common', 'protobufjs', '--all', '--parseable', '--offline'],
      cwd: projectRoot(),
      env: { PATH, HOME },
    });
    // proto-loader of gRPC keeps its own older protobufjs; what must be one is what the SDK's packages see.
    const places = stdout.split('\n').filter((line) => /node_modules\/(@temporalio\/common|protobufjs)$/.test(line));
    const seen = places.filter((line) => !line.includes('@grpc/proto-loader'));
    expect(seen.map((line) => line.replace(/^.*node_modules\//, '')).sort()).toEqual([
      '@temporalio/common',
      'protobufjs',
    ]);
  });
});
