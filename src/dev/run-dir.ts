import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onExit } from './on-exit';
import { markOwner, removeAbandoned } from './abandoned-run-dirs';

/** A temporary folder of one run: logs, data, sockets. */
export interface RunDir {
  readonly path: string;
  /** A path inside; its folder exists. */
  readonly file: (...parts: readonly string[]) => string;
  /** Removes the folder; with CUTOVER_KEEP=1 it stays for a look. */
  readonly close: () => Promise<void>;
}

/**
 * Opens `<tmp>/cutover-<label>-XXXXXX`. Open it before anything that lives in it: what is opened first is closed last.
 * Others may pass through it (0711) but not list it: under root, PostgreSQL runs as another user. Secrets in it need 0600.
 */
export function openRunDir(label: string, env: NodeJS.ProcessEnv = process.env): RunDir {
  const path = mkdtempSync(join(tmpdir(), `cutover-${label}-`));
  chmodSync(path, 0o711);
  const keep = env.CUTOVER_KEEP === '1';
  removeAbandoned(tmpdir());
  if (!keep) markOwner(path);
  const forget = onExit({
    name: 'the run folder',
    close: () => close(),
    abandon: () => {
      if (!keep) rmSync(path, { recursive: true, force: true, maxRetries: 5 });
    },
  });
  const close = async (): Promise<void> => {
    if (!keep) await rm(path, { recursive: true, force: true, maxRetries: 5 });
    forget();
  };
  const file = (...parts: readonly string[]): string => {
    const full = join(path, ...parts);
    mkdirSync(join(full, '..'), { recursive: true });
    return full;
  };
  return { path, file, close };
}
