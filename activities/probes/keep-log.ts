import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { ObserveArgs } from '../../src/core/observe-args';
import { shelfOf } from '../backup/shelf';
import type { VerbContext } from '../context';
import type { Resources } from '../resources';
import { logPath, markLog, type LogMark } from './ask-log';

/**
 * The lines that each log has got since preflight, beside the run's backup: what the session looked like from inside the
 * application. A second time writes the same file anew. Answers what was kept, by log.
 */
export async function keepLogs(
  resources: Resources,
  context: Pick<VerbContext, 'run' | 'step' | 'captured' | 'signal'>,
  { store, logs, baseline }: NonNullable<ObserveArgs['keep']>,
): Promise<Readonly<Record<string, string>>> {
  const { dir } = shelfOf(resources.store(store).dir, context.run, context.step.id);
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const kept: Record<string, string> = {};
  for (const name of logs) {
    const from = await context.captured<LogMark>({ step: baseline, name: `log:${name}` });
    const now = await markLog(resources, name);
    if (!now || now.bytes < from.bytes) kept[`log ${name}`] = 'not kept: it was rotated';
    else {
      const file = `log-${name}.txt`;
      await copyPart({
        path: logPath(resources, name),
        from: from.bytes,
        to: now.bytes,
        into: join(dir, file),
        signal: context.signal,
      });
      kept[`log ${name}`] = `${now.bytes - from.bytes} bytes kept in store "${store}" as ${file}`;
    }
  }
  return kept;
}

async function copyPart(part: {
  readonly path: string;
  readonly from: number;
  readonly to: number;
  readonly into: string;
  readonly signal: AbortSignal;
}): Promise<void> {
  const out = createWriteStream(part.into, { mode: 0o600 });
  if (part.to === part.from) return void out.end();
  const lines = createReadStream(part.path, { start: part.from, end: part.to - 1 });
  await pipeline(lines, out, { signal: part.signal });
}
