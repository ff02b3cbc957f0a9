import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * The folder of cutover's own package.json, found by walking up. The same answer from `src/dev` (sources under jest)
 * and from `lib/src/dev` (compiled), so `tools/` and `examples/` are found from both.
 */
export function projectRoot(from: string = __dirname): string {
  for (let folder = from; ; folder = dirname(folder)) {
    if (isCutover(join(folder, 'package.json'))) return folder;
    if (dirname(folder) === folder) {
      throw new Error(`No package.json named "cutover" lies above ${from}; run cutover from its own checkout.`);
    }
  }
}

function isCutover(file: string): boolean {
  if (!existsSync(file)) return false;
  const parsed: unknown = JSON.parse(readFileSync(file, 'utf8'));
  return typeof parsed === 'object' && parsed !== null && 'name' in parsed && parsed.name === 'cutover';
}
