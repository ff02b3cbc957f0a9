import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { PAYLOAD_CONVERTER_PATH, WORKFLOWS_PATH } from '../../src/runtime/bundle-path';
import { projectRoot } from '../../src/dev/project-root';

export interface TestBundle {
  readonly code: string;
}

/**
 * Today's workflow sources (not what the last build left in lib), bundled as the build does it. Kept by the digest of
 * the sources, so that the files of one test run share it.
 */
export async function workflowBundle(): Promise<TestBundle> {
  const folder = join(projectRoot(), 'node_modules', '.cache', 'cutover');
  const path = join(folder, `workflows-${await sourcesDigest()}.js`);
  try {
    return { code: await readFile(path, 'utf8') };
  } catch {
    const { code } = await bundleOf(require.resolve(WORKFLOWS_PATH));
    await mkdir(folder, { recursive: true });
    await writeFile(`${path}.${process.pid}`, code);
    await rename(`${path}.${process.pid}`, path);
    return { code };
  }
}

/** A bundle of other workflows than the product's. */
export async function bundleOf(workflowsPath: string): Promise<TestBundle> {
  const { code } = await bundleWorkflowCode({
    workflowsPath,
    payloadConverterPath: PAYLOAD_CONVERTER_PATH,
    logger: new DefaultLogger('WARN'),
  });
  return { code };
}

async function sourcesDigest(): Promise<string> {
  const hash = createHash('sha256');
  for (const folder of ['workflows', 'src/core', 'src/runtime']) {
    for (const name of (await readdir(join(projectRoot(), folder))).sort()) {
      if (name.endsWith('.ts')) hash.update(name).update(await readFile(join(projectRoot(), folder, name)));
    }
  }
  return hash
    .update(await readFile(join(projectRoot(), 'package-lock.json')))
    .digest('hex')
    .slice(0, 16);
}
