import { openAppendLog, type AppendLog, type Row } from '../../shared/append-log';

/** What a write does to its document. `ingest` queues a job, from which the worker makes a message. */
export type Op = 'insert' | 'replace' | 'patch' | 'delete' | 'ingest';

/**
 * Written before the request leaves. A promise without an outcome behind it (the load was killed) is an unknown write.
 * Writes to one document never overlap, and none follows an unknown one.
 */
export interface PromiseLine {
  readonly type: 'promise';
  /** Chosen here, never used twice; the document carries it as `revision`, and since its insert as `client_ref`. */
  readonly key: string;
  readonly op: Op;
  readonly collection: string;
  /** How to find the document: those of the load by `client_ref`, those that were there before by `id`. */
  readonly by: 'client_ref' | 'id';
  readonly value: string;
  /** Fields that the document must have afterwards. */
  readonly values: Row;
  /** The tenant that X-Tenant-Id named; null = no header. */
  readonly tenant: string | null;
}

export type OutcomeLine =
  | {
      readonly type: 'ok';
      readonly key: string;
      /** The application's id of the document. */
      readonly id: string;
      /** The tenant that the application says it worked for; null from the build that knows none. */
      readonly tenant: string | null;
    }
  | { readonly type: 'refused'; readonly key: string; readonly status: number; readonly error: string }
  | { readonly type: 'unknown'; readonly key: string; readonly error: string };

export type LogLine = PromiseLine | OutcomeLine;

export type WriteLog = AppendLog<LogLine>;

export function openWriteLog(path: string): WriteLog {
  return openAppendLog<LogLine>(path);
}
