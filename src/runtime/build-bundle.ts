import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { BUNDLE_PATH, PAYLOAD_CONVERTER_PATH, WORKFLOWS_PATH } from './bundle-path';

/**
 * Bundles the workflows once, at build time: a worker then starts without webpack, and two workers of one build run the
 * very same code. Written beside and renamed, so that no worker reads half of it.
 */
export async function buildBundle(
  outFile: string = BUNDLE_PATH,
): Promise<{ readonly path: string; readonly bytes: number }> {
  const { code } = await bundleWorkflowCode({
    workflowsPath: require.resolve(WORKFLOWS_PATH),
    payloadConverterPath: PAYLOAD_CONVERTER_PATH,
    logger: new DefaultLogger('WARN'),
  });
  await mkdir(dirname(outFile), { recursive: true });
  const temporary = `${outFile}.${process.pid}`;
  await writeFile(temporary, code);
  await rename(temporary, outFile);
  return { path: outFile, bytes: Buffer.byteLength(code) };
}

if (require.main === module) {
  buildBundle().then(
    ({ path, bytes }) => process.stdout.write(`workflow bundle: ${path}, ${Math.round(bytes / 1024)} KB\n`),
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
      process.exitCode = 1;
    },
  );
}
