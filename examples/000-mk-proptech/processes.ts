import { startLineProcess, type LineProcess } from '../../src/dev/line-process';
import { ADMIN } from './legacy/people';
import type { Summary } from '../shared/tally';
import { exampleProcess } from './paths';

export interface Load extends Omit<LineProcess, 'stop'> {
  /** Waits for the last reply and answers with the summary of the whole run. */
  readonly stop: () => Promise<Summary>;
}

export interface LoadOptions {
  readonly url: string;
  /** The write log. */
  readonly writeLog: string;
  /** Receives its stdout and stderr. */
  readonly logFile: string;
  /** Requests per second; default 100. */
  readonly rate?: number;
  /** Whether it founds a second tenant once the application knows tenants. */
  readonly secondTenant?: boolean;
  /** When it writes its first note, a collection that does not exist before; default 20 s. */
  readonly notesAfterSeconds?: number;
}

/** Starts the load as the generated database's admin; settles when it has begun. A `progress` line comes every second. */
export async function startLoad(options: LoadOptions): Promise<Load> {
  const child = startLineProcess({
    name: 'the load',
    script: exampleProcess('load', 'load.js'),
    args: [
      ...['--url', options.url, '--log', options.writeLog, '--rate', String(options.rate ?? 100)],
      ...['--notes-after', String(options.notesAfterSeconds ?? 20)],
      ...(options.secondTenant === true ? ['--second-tenant'] : []),
    ],
    env: { APP_EMAIL: ADMIN.email, APP_PASSWORD: ADMIN.password },
    logFile: options.logFile,
  });
  await child.first('ready');
  const stop = async (): Promise<Summary> => {
    await child.stop();
    const summary = child.latest('summary');
    if (summary === undefined) throw new Error(`The load ended without a summary; ${options.logFile} says why.`);
    return summary as unknown as Summary;
  };
  return { ...child, stop };
}
