import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder for the files of one test file, removed after it. */
export function temporaryFolder(): { readonly path: string; write(name: string, text: string, mode?: number): string } {
  const path = mkdtempSync(join(tmpdir(), 'cutover-unit-'));
  afterAll(() => rmSync(path, { recursive: true, force: true }));
  return {
    path,
    write: (name, text, mode = 0o644) => {
      const file = join(path, name);
      writeFileSync(file, text, { mode });
      return file;
    },
  };
}
