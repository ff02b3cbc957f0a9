import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { VerbContext } from '../../../../activities/context';
import { configStep } from '../../../../activities/steps/config';
import { CutoverError } from '../../../../src/core/failure';
import type { Json } from '../../../../src/core/json';
import { sharedContext, workerResources } from '../../../support/worker-resources';
import { temporaryFolder } from '../../runtime/temp-file';

const folder = temporaryFolder();
const STAGED = { step: 'configure/config-settings', name: 'staged' };
const BEFORE = '# theirs\nTENANCY=off\n';
let count = 0;

/** An env file, the step that stages its change, and the one that makes it live. */
function world() {
  const home = join(folder.path, `live-${(count += 1)}`);
  mkdirSync(home);
  const path = join(home, 'app.env');
  writeFileSync(path, BEFORE);
  const step = configStep(workerResources({ targets: [{ kind: 'env-file', name: 'settings', path }] }));
  const captures = new Map<string, Json>();
  const staging = sharedContext({ kind: 'config', args: { set: { TENANCY: 'both' } }, target: 'settings', captures });
  const live: VerbContext<'config'> = {
    ...sharedContext({ kind: 'config', args: { live: STAGED }, target: 'settings' }),
    captured: async <T extends Json>({ name }: { readonly name: string }): Promise<T> => {
      const value = captures.get(name);
      if (value === undefined) throw new CutoverError('Refused', 'nothing captured');
      return value as T;
    },
  };
  const text = (): string => readFileSync(path, 'utf8');
  return { home, path, step, staging, live, text };
}

describe('a config step that makes live what was staged', () => {
  it('does it once, however often it is called, and its undo puts back what was live', async () => {
    const { home, step, staging, live, text } = world();
    await step.do(staging);
    expect(text()).toBe(BEFORE);
    expect((await step.do(live)).summary).toBe('settings has TENANCY live from now on');
    expect((await step.do(live)).summary).toBe('settings has TENANCY live already');
    expect(text()).toBe('# theirs\nTENANCY=both\n');
    expect((await step.undo(live)).summary).toBe('settings is as it was again');
    expect((await step.undo(live)).summary).toBe('settings is as it was');
    await step.undo(staging);
    expect(text()).toBe(BEFORE);
    expect(readdirSync(home)).toEqual(['app.env']);
  });

  it('refuses when somebody edited the file since it was staged', async () => {
    const { path, step, staging, live, text } = world();
    await step.do(staging);
    writeFileSync(path, 'TENANCY=mine\n');
    await expect(step.do(live)).rejects.toMatchObject({ type: 'Refused' });
    expect(text()).toBe('TENANCY=mine\n');
  });

  it('refuses when nothing was staged, and its undo then says that there is nothing to put back', async () => {
    const { step, live, text } = world();
    await expect(step.do(live)).rejects.toMatchObject({ type: 'Refused' });
    expect((await step.undo(live)).summary).toMatch(/has staged nothing/);
    expect(text()).toBe(BEFORE);
  });
});
