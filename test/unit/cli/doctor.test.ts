import { nodeProblems } from '../../../src/cli/doctor/machine';
import { targetFindings } from '../../../src/cli/doctor/targets';
import { packageCopies } from '../../../src/runtime/package-copies';
import { temporaryFolder } from '../runtime/temp-file';
import { cli } from './host';

const folder = temporaryFolder();

interface Said {
  readonly ok: boolean;
  readonly findings: readonly { readonly name: string; readonly verdict: string; readonly found: string }[];
}

async function doctor(env: NodeJS.ProcessEnv = {}) {
  const said = await cli(['doctor', '--json'], { cwd: folder.path, env });
  return { code: said.code, ...(JSON.parse(said.stdout) as Said) };
}

describe('doctor', () => {
  it('tells everything that it can although no Temporal server answers, exit code 3', async () => {
    folder.write('cutover.config.yaml', 'targets:\n  app: { postgres: env:APP_DATABASE_URL }\n');
    folder.write('cutover.people.yaml', 'people:\n  lead-1: { roles: [lead] }\n');
    const { code, findings } = await doctor();
    expect(code).toBe(3);
    const verdict = (name: string) => findings.find((f) => f.name === name)?.verdict;
    expect(verdict('Node')).toBe('ok');
    expect(verdict('packages')).toBe('ok');
    expect(verdict('targets')).toBe('ok');
    expect(findings).toContainEqual({ name: 'people', verdict: 'ok', found: 'lead-1 (lead)' });
    expect(findings).toContainEqual({
      name: 'secrets',
      verdict: 'bad',
      found: expect.stringContaining('APP_DATABASE_URL'),
    });
    expect(findings).toContainEqual({
      name: 'Temporal server',
      verdict: 'bad',
      found: expect.stringContaining('127.0.0.1:1'),
    });
  }, 15_000);

  it('never shows the secret itself', async () => {
    folder.write('cutover.config.yaml', 'targets:\n  app: { postgres: env:APP_DATABASE_URL }\n');
    const env = { APP_DATABASE_URL: 'postgres://u:CanarySecret@127.0.0.1/x' };
    const said = await cli(['doctor'], { cwd: folder.path, env });
    expect(said.stdout).toContain('secrets');
    expect(said.stdout + said.stderr).not.toContain('CanarySecret');
  }, 15_000);

  it('lists what is wrong with the config, exit code 2', async () => {
    folder.write('cutover.config.yaml', 'targts: {}\n');
    const { code, findings } = await doctor();
    expect(code).toBe(2);
    expect(findings.find((f) => f.name === 'config')).toMatchObject({ verdict: 'bad' });
  });

  it.each([
    ['18.20.0', 1],
    ['20.18.0', 1],
    ['20.19.0', 0],
    ['22.1.0', 0],
  ])('Node %s has %d problems', (version, count) => expect(nodeProblems(version)).toHaveLength(count));

  it('finds one copy of everything that must be one', () => {
    const { sdk, problems } = packageCopies();
    expect(problems).toEqual([]);
    expect(sdk).toHaveLength(1);
  });

  it('shows what the worker found at its targets', () => {
    const found = targetFindings([
      {
        name: 'app',
        kind: 'postgres',
        reachable: true,
        facts: { version: 'PostgreSQL 15.1', role: 'cutover' },
        problems: [],
        warnings: ['slot x'],
      },
      { name: 'api', kind: 'http', reachable: false, facts: {}, problems: ['"api" does not answer'], warnings: [] },
    ]);
    expect(found).toEqual([
      { name: 'target app', verdict: 'ok', found: 'PostgreSQL 15.1, role cutover' },
      { name: 'target app', verdict: 'warn', found: 'slot x' },
      { name: 'target api', verdict: 'bad', found: '"api" does not answer' },
    ]);
  });
});
