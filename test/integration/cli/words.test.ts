import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stepState } from '../../../src/core/state';
import type { CompiledPlan } from '../../../src/core/plan';
import type { Step } from '../../../src/core/step';
import { type BenchRun } from '../../support/bench-run';
import { failsItsCheck, type FakeTarget } from '../../support/fake-target';
import { testServers } from '../../support/servers';
import { WorkflowBench } from '../../support/workflow-bench';
import { WORKFLOW_PLAN } from '../../support/workflow-plan';
import { cli as run, type FakeHost, type Said } from '../../unit/cli/host';
import { temporaryFolder } from '../../unit/runtime/temp-file';

jest.setTimeout(120_000);

const folder = temporaryFolder();
const taskQueue = `cli-${process.pid}`;
let bench: WorkflowBench;

beforeAll(async () => {
  bench = await WorkflowBench.open({ taskQueue });
});
beforeEach(() => writeFileSync(join(folder.path, 'cutover.config.yaml'), `taskQueue: ${taskQueue}\n`));
afterEach(() => bench.afterEach());
afterAll(() => bench.close());

/** The command on the run's plan, as lead-1 unless it says otherwise. */
function cli(of: BenchRun, argv: readonly string[], host: FakeHost = {}): Promise<Said> {
  const env = { TEMPORAL_ADDRESS: testServers().temporal };
  return run([...argv, '--plan', of.input.plan.name], { env, cwd: folder.path, ...host });
}

const PARKED = 'validate/count';

async function parkedAtValidate(): Promise<BenchRun> {
  const of = await bench.start({ prepare: (target: FakeTarget) => void target.script('do', PARKED, failsItsCheck) });
  await of.pass('expand', 'dba-1');
  await of.untilStatus('awaiting-operator');
  return of;
}

async function afterCutover(plan: CompiledPlan = WORKFLOW_PLAN): Promise<BenchRun> {
  const of = await bench.start({ plan });
  await of.pass('expand', 'dba-1');
  await of.pass('cutover', 'lead-1', 'sre-1');
  await of.untilOpen('contract');
  return of;
}

describe('skip', () => {
  it('has the step’s name typed, and wants the quorum of the next gate however it is said', async () => {
    const of = await parkedAtValidate();
    const words = ['skip', '--comment', 'known, ticket 7'];

    expect(await cli(of, words)).toMatchObject({ code: 2, stderr: expect.stringContaining('--yes') });
    expect(await cli(of, words, { types: of.input.plan.name })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('nothing was sent'),
    });
    expect((await of.state()).skipVotes).toEqual([]);

    const first = await cli(of, words, { types: PARKED });
    expect(first).toMatchObject({ code: 0, stdout: expect.stringContaining('still wants 1 × sre') });
    const again = await cli(of, [...words, '--force']);
    expect(again.stdout).toContain('still wants 1 × sre');
    expect(stepState(await of.state(), PARKED).status).toBe('failed');

    expect(await cli(of, [...words, '--as', 'sre-1', '--yes'])).toMatchObject({ code: 0 });
    await of.untilOpen('cutover');
    expect((await cli(of, ['status'])).stdout).toMatch(/Skipped:\n {2}validate\/count {2}skipped by lead-1 and sre-1/);
  });

  it('is refused before anything is asked when nothing is parked', async () => {
    const of = await bench.start();
    await of.untilOpen('expand');
    const said = await cli(of, ['skip', '--comment', 'x', '--yes']);
    expect(said).toMatchObject({ code: 1, stderr: expect.stringContaining('nothing to skip') });
  });
});

describe('tick', () => {
  const byHand: Step = {
    id: PARKED,
    phase: 'validate',
    kind: 'manual',
    target: 'app',
    title: 'By hand.',
    args: { what: 'tell the support desk', role: 'lead' },
  };
  const plan = { ...WORKFLOW_PLAN, steps: WORKFLOW_PLAN.steps.map((s) => (s.id === PARKED ? byHand : s)) };

  it('is what a run waits for, and goes on with', async () => {
    const of = await bench.start({ plan });
    await of.pass('expand', 'dba-1');
    await of.untilStatus('awaiting-operator');

    const shown = await cli(of, ['status', '--exit-code']);
    expect(shown).toMatchObject({ code: 5, stdout: expect.stringContaining('tell the support desk') });
    expect(shown.stdout).toContain(`cutover tick ${PARKED} --plan ${of.input.plan.name}`);

    expect(await cli(of, ['tick', PARKED, '--as', 'dba-1', '--comment', 'mail 7'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('role lead'),
    });
    expect(await cli(of, ['tick', PARKED, '--comment', 'mail 4711'])).toMatchObject({ code: 0 });
    await of.untilOpen('cutover');
    const handed = of.target.inputs.find((input) => input.step.id === PARKED);
    expect(handed?.tick).toMatchObject({ by: 'lead-1', proof: 'mail 4711' });
  });
});

describe('--force skips questions, never gates', () => {
  it('approves nothing without the evidence, and counts for one place only', async () => {
    const of = await bench.start();
    await of.pass('expand', 'dba-1');
    const gate = await of.untilOpen('cutover');
    expect(await cli(of, ['approve', 'cutover', '--force'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('skip the question, not the gate'),
    });
    const evidence = ['--evidence', gate.evidence?.digest ?? ''];
    const said = await cli(of, ['approve', 'cutover', '--force', ...evidence]);
    expect(said).toMatchObject({ code: 0, stdout: expect.stringContaining('still waits for 1 × sre') });
    expect(await cli(of, ['approve', 'cutover', '--force', ...evidence, '--as', 'eve'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('not in the people file'),
    });
    expect((await of.state()).gates.find((g) => g.phase === 'cutover')?.status).toBe('open');
  });

  it('rolls nothing back after the cutover without the plan’s digest, and not on one person’s word', async () => {
    const of = await afterCutover();
    expect(await cli(of, ['rollback', '--force'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--plan-digest'),
    });
    const said = await cli(of, ['rollback', '--force', '--plan-digest', of.input.planDigest]);
    expect(said).toMatchObject({ code: 0, stdout: expect.stringContaining('still wants 1 × lead') });
    expect((await of.state()).direction).toBe('forward');
    expect((await cli(of, ['status'])).stdout).toContain('A rollback is asked for by lead-1');
  });
});

describe('what can only be restored afterwards', () => {
  it('has the target’s name typed before contract is approved in production', async () => {
    const of = await afterCutover({ ...WORKFLOW_PLAN, environment: 'production' });
    const { name, home } = of.input.plan;
    const asked = await cli(of, ['approve', 'contract'], { types: name });
    expect(asked).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`Type the target's name to approve (${home})`),
    });
    expect((await of.state()).gates.find((g) => g.phase === 'contract')?.decisions).toEqual([]);
    expect(await cli(of, ['approve', 'contract'], { types: home })).toMatchObject({ code: 0 });
  });

  it('has the plan’s name typed elsewhere', async () => {
    const of = await afterCutover();
    expect(await cli(of, ['approve', 'contract'], { types: of.input.plan.name })).toMatchObject({ code: 0 });
  });

  it('has the target’s name typed before a rollback after the cutover', async () => {
    const of = await afterCutover();
    const { name, home } = of.input.plan;
    expect(await cli(of, ['rollback'], { types: name })).toMatchObject({ code: 1 });
    expect(await cli(of, ['rollback'], { types: home })).toMatchObject({ code: 0 });
    expect((await of.state()).rollbackVotes.map((v) => v.approver)).toEqual(['lead-1']);
  });
});

describe('a run whose workflow', () => {
  it('is open is neither adopted nor released', async () => {
    const of = await bench.start();
    await of.untilOpen('expand');
    expect(await cli(of, ['adopt', '--yes'])).toMatchObject({ code: 1, stderr: expect.stringContaining('is open') });
    expect(await cli(of, ['release', '--comment', 'x', '--yes'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('is open'),
    });
  });

  it('is gone is shown as such, and released by the target’s name', async () => {
    const of = await bench.start();
    await of.untilOpen('expand');
    await of.discard();
    expect((await cli(of, ['status'])).stdout).toMatch(
      /The workflow is terminated.*\n.*cutover adopt.*\n.*cutover release/,
    );
    const words = ['release', '--as', 'lead-1', '--as', 'dba-1', '--comment', 'the host is gone'];
    expect(await cli(of, words, { types: of.input.plan.name })).toMatchObject({ code: 1 });
    expect(await cli(of, words, { types: of.input.plan.home })).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('released'),
    });
  });

  it('left no whole ledger is not adopted', async () => {
    const of = await bench.start();
    await of.untilOpen('expand');
    await of.discard();
    expect(await cli(of, ['adopt', '--yes'])).toMatchObject({ code: 1, stderr: expect.stringContaining('not whole') });
  });
});

describe('doctor', () => {
  it('finds server, namespace, search attributes and the worker', async () => {
    const env = { TEMPORAL_ADDRESS: testServers().temporal };
    const said = await run(['doctor', '--targets', '--json'], { env, cwd: folder.path });
    const { findings } = JSON.parse(said.stdout) as { findings: { name: string; verdict: string }[] };
    const verdict = (name: string) => findings.find((f) => f.name === name)?.verdict;
    expect(['Temporal server', 'namespace', 'search attributes', 'worker'].map(verdict)).toEqual([
      'ok',
      'ok',
      'ok',
      'ok',
    ]);
  });
});

describe('set and get', () => {
  it('say what holds from now on and who said it; the run goes on meanwhile', async () => {
    const of = await bench.start();
    await of.untilOpen('expand');
    const said = await cli(of, ['set', 'window=50', 'maxPerSecond=2000', '--as', 'dba-1']);
    expect(said).toMatchObject({ code: 0, stderr: '' });
    expect(said.stdout).toMatch(/ok {2}run workflow-\S+ on app: window=50, maxPerSecond=2000\n {4}said by dba-1/);
    const json = await cli(of, ['set', 'pauseMs=auto', '--as', 'dba-1', '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({ ok: true, home: 'app', run: of.input.plan.name, by: 'dba-1' });
    expect((await cli(of, ['get'])).stdout).toContain('nothing is set');
    await of.pass('expand', 'dba-1');
    await of.untilOpen('cutover');
  });

  it('is refused by the worker for somebody it does not know, exit code 1, with the reason', async () => {
    const of = await bench.start();
    await of.untilOpen('expand');
    expect(await cli(of, ['set', 'window=50', '--as', 'eve'])).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('Nobody of the name eve is in the people file'),
    });
  });
});
