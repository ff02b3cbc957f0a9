import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { copyPlan, type PlanFolder } from '../../../src/dev/plan-folder';
import { temporaryFolder } from '../runtime/temp-file';

const folder = temporaryFolder();

function example(): PlanFolder {
  const source = (name: string): string => join(folder.path, 'example', name);
  const put = (name: string, text: string): void => {
    mkdirSync(dirname(source(name)), { recursive: true });
    writeFileSync(source(name), text);
  };
  put('plan.yaml', 'name: a\nstore: here\n');
  put('cutover.config.yaml', 'targets: {}\n');
  put('cutover.people.yaml', 'people: {}\n');
  put('models/tenants.json', '{}');
  put('secret.txt', 'not copied');
  return {
    ...{ folder: join(folder.path, 'copy'), source, beside: ['models'] },
    ...{ planChanges: [], configChanges: [] },
  };
}

describe("a copy of an example's plan", () => {
  it('has the files that are named, with the changes of the stage, and nothing else', async () => {
    await copyPlan({
      ...example(),
      planChanges: [
        ['here', 'there'],
        [/^name: a$/m, 'name: b'],
      ],
      configMore: 'webhooks: {}\n',
    });
    const copied = (name: string): string => readFileSync(join(folder.path, 'copy', name), 'utf8');
    expect(copied('plan.yaml')).toBe('name: b\nstore: there\n');
    expect(copied('cutover.config.yaml')).toBe('targets: {}\nwebhooks: {}\n');
    expect(copied('cutover.people.yaml')).toBe('people: {}\n');
    expect(copied('models/tenants.json')).toBe('{}');
    expect(() => copied('secret.txt')).toThrow();
  });

  it('is refused when a change finds nothing: the demo would run another plan than it says', async () => {
    await expect(copyPlan({ ...example(), planChanges: [['nowhere', 'x']] })).rejects.toThrow(
      "The example's plan has no nowhere to be replaced.",
    );
    await expect(copyPlan({ ...example(), configChanges: [[/no such/, 'x']] })).rejects.toThrow(
      "The example's config has no /no such/ to be replaced.",
    );
  });
});
