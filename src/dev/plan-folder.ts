import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** A pattern and what is put in its place; every one must be found. */
export type Change = readonly [find: string | RegExp, put: string];

export interface PlanFolder {
  readonly folder: string;
  /** Where a file of the example lies. */
  readonly source: (name: string) => string;
  /** Copied as they are: folders and files beside the plan. */
  readonly beside: readonly string[];
  readonly planChanges: readonly Change[];
  readonly configChanges: readonly Change[];
  /** Lines behind the config. */
  readonly configMore?: string;
}

/** A copy of an example's plan, worker config and people file, with the changes of this stage. */
export async function copyPlan(options: PlanFolder): Promise<void> {
  const { folder, source, beside, planChanges, configChanges, configMore = '' } = options;
  await mkdir(folder, { recursive: true });
  for (const name of [...beside, 'cutover.people.yaml']) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await cp(source(name), join(folder, name), { recursive: true });
  }
  const plan = changed(await readFile(source('plan.yaml'), 'utf8'), planChanges, 'plan');
  await writeFile(join(folder, 'plan.yaml'), plan);
  const config = changed(await readFile(source('cutover.config.yaml'), 'utf8'), configChanges, 'config');
  await writeFile(join(folder, 'cutover.config.yaml'), config + configMore);
}

function changed(text: string, changes: readonly Change[], what: string): string {
  return changes.reduce((before, [find, put]) => {
    const after = before.replace(find, put);
    if (after === before) throw new Error(`The example's ${what} has no ${String(find)} to be replaced.`);
    return after;
  }, text);
}
