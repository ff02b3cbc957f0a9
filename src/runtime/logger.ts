import { Writable } from 'node:stream';
import type { Logger as TemporalLogger, LogMetadata } from '@temporalio/common';
import pino, { type Logger } from 'pino';
import { redact } from './redact';

export interface LogOptions {
  readonly level?: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** Lines for people instead of JSON. */
  readonly pretty: boolean;
  /** Default: stderr, so that stdout stays the command's answer. */
  readonly to?: Pick<NodeJS.WritableStream, 'write'>;
}

/** Every line passes `redact` as text, after it was made: no field, nested error or stack can slip by. */
export function createLogger({ level = 'info', pretty, to = process.stderr }: LogOptions): Logger {
  const destination = new Writable({
    decodeStrings: false,
    write(chunk: string | Buffer, _encoding, done) {
      const line = chunk.toString();
      to.write(redact(pretty ? prettyLine(line) : line));
      done();
    },
  });
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
}

/** Temporal gives (message, meta) and its own levels; pino wants (meta, message). */
export function temporalLogger(log: Logger): TemporalLogger {
  const at =
    (level: 'trace' | 'debug' | 'info' | 'warn' | 'error') =>
    (message: string, meta?: LogMetadata): void =>
      log[level](plain(meta), message);
  return {
    log: (level, message, meta) => at(level.toLowerCase() as 'info')(message, meta),
    trace: at('trace'),
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
  };
}

/** The SDK hangs symbols, bigints and its own source tag on the metadata; only what prints is kept. */
function plain(meta: LogMetadata | undefined): Record<string, unknown> {
  const { error, ...rest } = meta ?? {};
  const kept = Object.entries(rest).map(([key, value]) => [
    key,
    typeof value === 'bigint' ? value.toString() : (value as unknown),
  ]);
  return { ...(Object.fromEntries(kept) as Record<string, unknown>), ...(error === undefined ? {} : { err: error }) };
}

function prettyLine(line: string): string {
  try {
    const { level, time, msg, err, ...rest } = JSON.parse(line) as Record<string, unknown>;
    const fields = Object.entries(rest)
      .filter(([key]) => !HIDDEN.has(key))
      .map(([key, value]) => ` ${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
    const stack = typeof err === 'object' && err !== null && 'message' in err ? `\n    ${String(err.message)}` : '';
    return `${String(time).slice(11, 19)} ${String(level).padEnd(5)} ${String(msg ?? '')}${fields.join('')}${stack}\n`;
  } catch {
    return line;
  }
}

/** True of every line of a worker, or of use to the SDK's authors only. */
const HIDDEN = new Set([
  'sdkComponent',
  'namespace',
  'taskQueue',
  'taskToken',
  'workflowType',
  'workflowRunId',
  'runId',
  'isLocal',
  'activityId',
]);
