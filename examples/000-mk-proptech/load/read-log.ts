import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { LogLine, OutcomeLine, PromiseLine } from './write-log';

/** Everything that a load has promised and learned, in the order of the file. */
export interface LogBook {
  readonly promises: ReadonlyMap<string, PromiseLine>;
  /** A key without an outcome is an unknown write. */
  readonly outcomes: ReadonlyMap<string, OutcomeLine>;
}

/** Reads the file of one or several loads. A last line that was torn by a kill is left out; any other throws. */
export async function readLog(path: string): Promise<LogBook> {
  const lines: string[] = [];
  for await (const line of createInterface({ input: createReadStream(path, 'utf8') })) lines.push(line);
  return parseLog(lines, path);
}

export function parseLog(lines: readonly string[], path = 'the write log'): LogBook {
  const promises = new Map<string, PromiseLine>();
  const outcomes = new Map<string, OutcomeLine>();
  lines.forEach((text, index) => {
    const line = parse(text);
    if (line === undefined) {
      if (index === lines.length - 1) return;
      throw new Error(`Line ${index + 1} of ${path} is not JSON; the file is not a write log, or was changed by hand.`);
    }
    if (line.type === 'promise') promises.set(line.key, line);
    else outcomes.set(line.key, line);
  });
  return { promises, outcomes };
}

function parse(text: string): LogLine | undefined {
  try {
    return JSON.parse(text) as LogLine;
  } catch {
    return undefined;
  }
}
