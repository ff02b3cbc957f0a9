import { join } from 'node:path';
import { describe as describeStep } from '../../../activities/postgres/describe';
import { renderPreview } from '../../../src/plan/preview';
import { compiled } from '../plan/compiled';
import { temporaryFolder } from '../runtime/temp-file';
import { cli } from './host';

const folder = temporaryFolder();
const PLAN = join(__dirname, '..', '..', '..', 'examples', '003-client-id', 'plan.yaml');

describe('check', () => {
  it('says that a plan is good, and its digest', async () => {
    const said = await cli(['check', PLAN, '--json']);
    expect(said.code).toBe(0);
    expect(JSON.parse(said.stdout)).toMatchObject({
      ok: true,
      plan: 'phase-1-client-id',
      digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
    });
  });

  it('tells every problem with path, found, expected and what to write, exit code 2', async () => {
    folder.write('bad.yaml', 'version: 1\nname: x\nhmoe: app\n');
    const said = await cli(['check', 'bad.yaml'], { cwd: folder.path });
    expect(said).toMatchObject({ code: 2, stdout: '' });
    expect(said.stderr).toMatch(/found:.*\n {2}expected:.*\n {2}write:/);
    const asJson = await cli(['check', 'bad.yaml', '--json'], { cwd: folder.path });
    expect(JSON.parse(asJson.stdout)).toMatchObject({ ok: false, exitCode: 2, problems: expect.any(Array) });
  });
});

describe('preview', () => {
  it('shows every statement with the lock that the application meets, and the way back', async () => {
    const said = await cli(['preview', PLAN]);
    expect(said.code).toBe(0);
    expect(said.stdout).toContain('CREATE INDEX CONCURRENTLY');
    expect(said.stdout).toMatch(/-- lock: ACCESS EXCLUSIVE on public\.users/);
    expect(said.stdout).toMatch(/\n {4}undo:\n/);
    expect(said.stdout).toMatch(/== cutover\n {2}gate: 1 × lead and 1 × sre/);
    expect(said.stdout).toContain('POINT OF NO RETURN');
  });

  it('is the text that docs and approvers know, word for word', async () => {
    const { plan, digest } = await compiled(PLAN);
    expect((await cli(['preview', PLAN])).stdout).toBe(renderPreview({ plan, digest, describe: describeStep }));
  });

  it('gives the same as data', async () => {
    const { steps } = JSON.parse((await cli(['preview', PLAN, '--json'])).stdout) as {
      steps: { id: string; statements: unknown[]; undo: unknown[] }[];
    };
    expect(steps.find((s) => s.id === 'expand/key-users')).toMatchObject({
      undo: expect.any(Array),
      statements: expect.arrayContaining([expect.objectContaining({ lock: expect.any(String) })]),
    });
  });
});

describe('preview --live', () => {
  it('needs a Temporal server, and says so before it shows anything', async () => {
    expect(await cli(['preview', PLAN, '--live'])).toMatchObject({ code: 3, stdout: '' });
  });
});

describe('start', () => {
  it('sends nothing when the plan is bad', async () => {
    folder.write('bad.yaml', 'version: 1\n');
    expect(await cli(['start', 'bad.yaml'], { cwd: folder.path })).toMatchObject({ code: 2 });
  });

  it('says that no server answers, exit code 3', async () => {
    expect(await cli(['start', PLAN])).toMatchObject({ code: 3, stderr: expect.stringContaining('127.0.0.1:1') });
  });
});
