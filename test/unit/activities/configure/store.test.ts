import {
  chmodSync,
  linkSync,
  lstatSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { goBack, goLive, isLive } from '../../../../activities/configure/live';
import { type Staged } from '../../../../activities/configure/config-store';
import { configStore } from '../../../../activities/configure/store';
import type { Json } from '../../../../src/core/json';
import { configStep } from '../../../../activities/steps/config';
import { matching, unconfigStep } from '../../../../activities/steps/unconfig';
import { sharedContext, SOME_RUN, workerResources } from '../../../support/worker-resources';
import { temporaryFolder } from '../../runtime/temp-file';

const folder = temporaryFolder();
const run = SOME_RUN.id;
const BEFORE = '# settings\nTENANT=\nUSE_IN_MEMORY_DB=true\nINITIAL_ADMIN_EMAIL=a@b\nINITIAL_ADMIN_PASSWORD=Canary-1\n';
let count = 0;

function world(text = BEFORE, mode = 0o640) {
  const file = folder.write(`env-${(count += 1)}`, text, mode);
  chmodSync(file, mode);
  const resources = workerResources({
    targets: [{ kind: 'env-file', name: 'settings', path: file }],
    commands: { allow: ['true', 'false'], cwd: folder.path },
  });
  const captures = new Map<string, Json>();
  const context = (set: Readonly<Record<string, string>>) =>
    sharedContext({ kind: 'config', target: 'settings', args: { set }, captures });
  const staged = () => captures.get('staged') as Staged;
  return {
    file,
    resources,
    captures,
    context,
    staged,
    step: configStep(resources),
    text: () => readFileSync(file, 'utf8'),
  };
}

function beside(file: string): readonly string[] {
  return readdirSync(dirname(file))
    .filter((name) => name.startsWith(`${basename(file)}.`))
    .map((name) => name.slice(basename(file).length));
}

const SET = { TENANT: 'tenant-default', USE_IN_MEMORY_DB: 'false' };
const AFTER = BEFORE.replace('TENANT=', 'TENANT=tenant-default').replace('DB=true', 'DB=false');

describe('a config step', () => {
  it('leaves the live file alone, and captures hashes and names only', async () => {
    const { file, step, context, staged, text } = world();
    expect((await step.do(context(SET))).verdict).toBe('pass');
    expect(text()).toBe(BEFORE);
    expect([...beside(file)].sort()).toEqual([`.before-${run}`, `.cutover-${run}`]);
    expect(statSync(`${file}.before-${run}`).mode & 0o777).toBe(0o600);
    expect(statSync(`${file}.cutover-${run}`).mode & 0o777).toBe(0o640);
    expect(staged()).toEqual({
      target: 'settings',
      keys: ['TENANT', 'USE_IN_MEMORY_DB'],
      sha256Before: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      sha256After: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    });
  });

  it('goes live, back and live again, each harmless when done twice', async () => {
    const { file, resources, step, context, staged, text } = world();
    await step.do(context(SET));
    const input = { run, staged: staged() };
    for (const [act, expected] of [
      [goLive, AFTER],
      [goBack, BEFORE],
      [goLive, AFTER],
    ] as const) {
      expect((await act(resources, input)).already).toBe(false);
      expect((await act(resources, input)).already).toBe(true);
      expect(text()).toBe(expected);
      expect(statSync(file).mode & 0o777).toBe(0o640);
    }
    expect(await isLive(resources, input)).toBe(true);
    await step.undo(context(SET));
    expect(text()).toBe(BEFORE);
    expect(beside(file)).toEqual([]);
  });

  it('is the same when it is done again after a crash, before and after going live', async () => {
    const { resources, step, context, staged, text, captures } = world();
    await step.do(context(SET));
    const first = captures.get('staged');
    await step.do(context(SET));
    await goLive(resources, { run, staged: staged() });
    await step.do(context(SET));
    expect(captures.get('staged')).toEqual(first);
    expect(text()).toBe(AFTER);
  });

  it('refuses to go live over what somebody edited meanwhile, naming the file and no value', async () => {
    const { file, resources, step, context, staged, text } = world();
    await step.do(context(SET));
    writeFileSync(file, `${BEFORE}NEW=Canary-2\n`);
    const live = goLive(resources, { run, staged: staged() });
    await expect(live).rejects.toMatchObject({ type: 'Refused', message: expect.stringContaining(file) as string });
    await expect(live).rejects.not.toThrow(/Canary/);
    expect(text()).toContain('NEW=Canary-2');
    await step.undo(context(SET));
    expect(text()).toContain('NEW=Canary-2');
  });

  it('refuses to go back over what somebody edited since it went live', async () => {
    const { file, resources, step, context, staged } = world();
    await step.do(context(SET));
    await goLive(resources, { run, staged: staged() });
    writeFileSync(file, `${AFTER}NEW=1\n`);
    await expect(goBack(resources, { run, staged: staged() })).rejects.toMatchObject({ type: 'Refused' });
    await expect(step.undo(context(SET))).rejects.toMatchObject({ type: 'Refused' });
  });

  it('refuses to go live with a staged file that was changed or is gone', async () => {
    const { file, resources, step, context, staged } = world();
    await step.do(context(SET));
    writeFileSync(`${file}.cutover-${run}`, 'TENANT=other\n');
    await expect(goLive(resources, { run, staged: staged() })).rejects.toMatchObject({ type: 'Refused' });
    rmSync(`${file}.cutover-${run}`);
    await expect(goLive(resources, { run, staged: staged() })).rejects.toMatchObject({ type: 'Refused' });
  });

  it('removes what a writer that was killed left beside the file, and nothing else', async () => {
    const { file, step, context } = world();
    for (const name of ['.0123456789ab.tmp', '.before-x.0123456789ab.tmp', '.notes.tmp']) {
      writeFileSync(`${file}${name}`, 'Canary');
      utimesSync(`${file}${name}`, 1, 1);
    }
    writeFileSync(`${file}.ba9876543210.tmp`, 'of somebody at work');
    await step.do(context(SET));
    await step.undo(context(SET));
    expect([...beside(file)].sort()).toEqual(['.ba9876543210.tmp', '.notes.tmp']);
  });

  it('refuses a second change of the same file by another step of the run', async () => {
    const one = world();
    await one.step.do(one.context(SET));
    const other = sharedContext({ kind: 'config', target: 'settings', args: { set: { TENANT: 'other' } } });
    await expect(one.step.do(other)).rejects.toMatchObject({
      type: 'Refused',
      message: expect.stringContaining('one config step') as string,
    });
  });

  it('keeps a symbolic link one', async () => {
    const { file, context, staged } = world();
    const link = join(folder.path, `link-${count}`);
    symlinkSync(file, link);
    const linked = workerResources({ targets: [{ kind: 'env-file', name: 'settings', path: link }] });
    await configStep(linked).do(context(SET));
    await goLive(linked, { run, staged: staged() });
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(readFileSync(file, 'utf8')).toBe(AFTER);
  });

  it('refuses a file with a second name, which a rename would part from the first', async () => {
    const { file, step, context } = world();
    linkSync(file, `${file}-second`);
    await expect(step.do(context(SET))).rejects.toMatchObject({
      type: 'Misconfigured',
      message: expect.stringContaining('hard link') as string,
    });
  });

  it('refuses a value of several lines, a file that is not there, and a folder', async () => {
    const { step, context, file } = world();
    await expect(step.do(context({ A: 'x\nB=y' }))).rejects.toMatchObject({ type: 'Misconfigured' });
    rmSync(file);
    await expect(step.do(context(SET))).rejects.toMatchObject({ type: 'Misconfigured' });
    const resources = workerResources({ targets: [{ kind: 'env-file', name: 'settings', path: folder.path }] });
    await expect(configStep(resources).do(context(SET))).rejects.toMatchObject({ type: 'Misconfigured' });
  });

  it('does nothing to a file that has the values already', async () => {
    const { file, resources, step, context, staged, text } = world(AFTER);
    await step.do(context(SET));
    await goLive(resources, { run, staged: staged() });
    await goBack(resources, { run, staged: staged() });
    await step.undo(context(SET));
    expect(text()).toBe(AFTER);
    expect(beside(file)).toEqual([]);
  });
});

describe('an unconfig step', () => {
  const KEYS = ['INITIAL_ADMIN_*'];

  function removal(after?: 'true' | 'false') {
    const made = world();
    const args = { keys: KEYS, ...(after ? { after: { argv: [after], timeoutMs: 5_000 } } : {}) };
    const context = () => sharedContext({ kind: 'unconfig', target: 'settings', args, captures: made.captures });
    return { ...made, context, step: unconfigStep(made.resources) };
  }

  it('removes nothing unless its proof succeeded', async () => {
    const { step, context, text } = removal('false');
    await expect(step.do(context())).rejects.toMatchObject({ type: 'CommandFailed' });
    expect(text()).toBe(BEFORE);
  });

  it('removes the keys and puts them back, each harmless when done twice', async () => {
    const { step, context, text, file, captures } = removal('true');
    const said = await step.do(context());
    await step.do(context());
    expect(text()).toBe('# settings\nTENANT=\nUSE_IN_MEMORY_DB=true\n');
    expect(JSON.stringify([said, ...captures.values()])).not.toContain('Canary');
    await step.undo(context());
    await step.undo(context());
    expect(text()).toBe(BEFORE);
    expect(beside(file)).toEqual([]);
  });

  it('removes by prefix only where a * says so', () => {
    expect(matching(['A', 'AB', 'B_1', 'B_2'], ['A', 'B_*'])).toEqual(['A', 'B_1', 'B_2']);
  });
});

describe('a secret store in a file', () => {
  it('is staged, goes live and back with its order, its indentation and its mode', async () => {
    const file = folder.write('secrets.json', '{\n    "B": "Canary",\n    "A": "1"\n}\n', 0o600);
    const resources = workerResources({ targets: [{ kind: 'secret-store', name: 'vault', file }] });
    const captures = new Map<string, Json>();
    const context = sharedContext({ kind: 'config', target: 'vault', args: { set: { A: '2', C: '3' } }, captures });
    await configStep(resources).do(context);
    const staged = captures.get('staged') as Staged;
    await goLive(resources, { run, staged });
    expect(readFileSync(file, 'utf8')).toBe('{\n    "B": "Canary",\n    "A": "2",\n    "C": "3"\n}\n');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await goBack(resources, { run, staged });
    expect(readFileSync(file, 'utf8')).toBe('{\n    "B": "Canary",\n    "A": "1"\n}\n');
  });

  it('is refused when others can read it, or when it is no JSON object, without a word of it', async () => {
    const open = folder.write('open.json', '{}', 0o644);
    const broken = folder.write('broken.json', '{ "A": "Canary" ', 0o600);
    for (const file of [open, broken]) {
      const resources = workerResources({ targets: [{ kind: 'secret-store', name: 'vault', file }] });
      const planned = configStore(resources, 'vault').plan({ set: { A: '1' } });
      await expect(planned).rejects.toThrow(file);
      await expect(planned).rejects.not.toThrow(/Canary/);
    }
  });
});
