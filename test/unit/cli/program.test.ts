import { temporaryFolder } from '../runtime/temp-file';
import { cli } from './host';

const folder = temporaryFolder();
const COMMANDS = [
  'check',
  'preview',
  'doctor',
  'dev',
  'worker',
  'start',
  'status',
  'watch',
  'approve',
  'reject',
  'tick',
  'pause',
  'resume',
  'retry',
  'skip',
  'rollback',
  'abort',
  'adopt',
  'release',
  'report',
  'set',
  'get',
  'extend',
];

describe('cutover', () => {
  it('without arguments prints its help on stderr and exits with 2', async () => {
    const said = await cli([]);
    expect(said.code).toBe(2);
    expect(said.stdout).toBe('');
    for (const name of COMMANDS) expect(said.stderr).toContain(`\n  ${name} `);
    expect(said.stderr).toContain('Exit codes:');
  });

  it.each(COMMANDS)('%s --help has examples and --json, exit code 0', async (name) => {
    const said = await cli([name, '--help']);
    expect(said.code).toBe(0);
    expect(said.stdout).toMatch(/Examples?:\n {2}\$ cutover/);
    expect(said.stdout).toContain('--json');
  });

  it.each([
    [['statsu'], 'Did you mean status?'],
    [['status', '--plna', 'x'], 'Did you mean --plan?'],
    [['check'], "missing required argument 'plan-file'"],
    [['check', 'a.yaml', 'b.yaml'], 'too many arguments'],
    [['approve', '--as'], 'argument missing'],
    [['approve', '--as', 'a', '--as', 'b'], 'given twice'],
    [['approve', '--plan='], 'is empty'],
    [['approve', '--as', '-x'], 'begins with a letter'],
    [['approve', '--evidence', 'abc'], '64 hex digits'],
    [['report', '--format', 'html'], 'Allowed choices are md, json'],
    [['approve', '--yes', '--as', 'lead-1'], 'needs --evidence'],
    [['approve', '--force', '--as', 'lead-1'], 'skip the question, not the gate'],
    [['skip', '--as', 'lead-1'], "required option '--comment <text>' not specified"],
    [['tick', '--as', 'lead-1', '--comment', 'mail 7'], "missing required argument 'step'"],
    [['tick', 'preflight/manual-1', '--as', 'lead-1'], "required option '--comment <text>' not specified"],
    [['release', '--plan', 'x', '--as', 'lead-1'], "required option '--comment <text>' not specified"],
    [['set'], "missing required argument 'knob=value'"],
    [
      ['set', 'window=0'],
      'window: found 0, expected rows or documents per window, 1 to 10,000, or auto. Nothing was sent.',
    ],
    [['set', 'speed=9'], '"speed=9" sets nothing; write one of window='],
    [['get', 'window'], 'too many arguments'],
    [['release', '--as', 'lead-1', '--as', 'lead-1', '--comment', 'x'], 'lead-1 is given twice'],
  ])('%j is a mistake that it explains, exit code 2', async (argv, words) => {
    const said = await cli(argv);
    expect(said).toMatchObject({ code: 2, stdout: '' });
    expect(said.stderr).toContain(words);
  });

  it('with --json tells a mistake as JSON on stdout', async () => {
    const { code, stdout } = await cli(['status', '--plna', 'x', '--json']);
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, exitCode: 2 });
  });

  it('takes what follows -- as an operand', async () => {
    const said = await cli(['check', '--', '--no-such-plan.yaml']);
    expect(said.code).toBe(2);
    expect(said.stderr).toContain('--no-such-plan.yaml has a problem');
  });

  it('says where it looked for Temporal, exit code 3', async () => {
    const said = await cli(['status', '--json'], { cwd: folder.path });
    expect(said.code).toBe(3);
    expect(JSON.parse(said.stdout)).toMatchObject({
      ok: false,
      exitCode: 3,
      error: expect.stringContaining('127.0.0.1:1'),
    });
  }, 15_000);

  it('says what to write instead of a bad TEMPORAL_ADDRESS, exit code 2', async () => {
    const said = await cli(['status'], { env: { TEMPORAL_ADDRESS: 'grpc://h:7233' } });
    expect(said.code).toBe(2);
    expect(said.stderr).toMatch(/TEMPORAL_ADDRESS\n.*found.*\n.*without a scheme\n {2}write: {4}h:7233/);
  });

  it('asks for --as when the user of this machine has no usable name', async () => {
    const said = await cli(['pause'], { user: 'a b' });
    expect(said).toMatchObject({ code: 2, stderr: expect.stringContaining('--as <name>') });
  });

  it('will not run a worker without a config', async () => {
    expect(await cli(['worker'], { cwd: folder.path })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--config <file>'),
    });
  });

  it('names the config that cannot be read', async () => {
    const said = await cli(['status', '--config', 'none.yaml'], { cwd: folder.path });
    expect(said).toMatchObject({ code: 2, stderr: expect.stringContaining('none.yaml has a problem') });
  });
});
