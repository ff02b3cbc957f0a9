import { startJsonProcess, type JsonProcess, type Line } from './json-process';
import type { Summary } from '../shared/tally';

export interface Application extends JsonProcess {
  /** Where it listens. */
  readonly url: string;
}

/** Starts the application as role `app`; settles when it listens. `port` lets a second start take the first one's place. */
export async function startApplication(input: {
  readonly databaseUrl: string;
  readonly port?: number;
}): Promise<Application> {
  const env = { DATABASE_URL: input.databaseUrl, PORT: String(input.port ?? 0) };
  const child = startJsonProcess({ name: 'the example application', entry: ['app', 'server.js'], env });
  const ready = await child.next('ready');
  return { ...child, url: String(ready.url) };
}

/** Starts the reader with the prepared `SELECT *`. Its lines have `reads`, `failed`, `reprepared`, `columns`, `lastError`. */
export function startReader(input: {
  readonly databaseUrl: string;
  readonly onLine?: (line: Line) => void;
}): JsonProcess {
  return startJsonProcess({
    name: 'the prepared reader',
    entry: ['app', 'prepared-reader.js'],
    env: { DATABASE_URL: input.databaseUrl },
    ...(input.onLine === undefined ? {} : { onLine: input.onLine }),
  });
}

export interface Load extends Omit<JsonProcess, 'stop'> {
  /** Waits for the last reply and answers with the summary of the whole run. */
  readonly stop: () => Promise<Summary>;
}

/** Starts the load on the application at `url`; settles when it has begun. A `progress` line comes every second. */
export async function startLoad(input: {
  readonly url: string;
  readonly logFile: string;
  /** Requests per second; default 150. */
  readonly rate?: number;
  readonly onLine?: (line: Line) => void;
}): Promise<Load> {
  const child = startJsonProcess({
    name: 'the load',
    entry: ['load', 'load.js'],
    args: ['--url', input.url, '--log', input.logFile, '--rate', String(input.rate ?? 150)],
    env: {},
    ...(input.onLine === undefined ? {} : { onLine: input.onLine }),
  });
  await child.next('ready');
  const stop = async (): Promise<Summary> => {
    await child.stop();
    const summary = child.last('summary');
    if (summary === undefined) throw new Error('The load ended without a summary; its stderr says why.');
    return summary as unknown as Summary;
  };
  return { ...child, stop };
}
