import { openAppendLog, type AppendLog, type Row } from '../../shared/append-log';

/** Written before the request leaves. A promise without an outcome behind it (the load was killed) is an unknown write. */
export type PromiseLine = {
  readonly type: 'promise';
  /** Chosen here, carried by every row as request_id (an organisation: as slug), never used twice. */
  readonly key: string;
  /** The organisation that the request carries, directly or by its user; null = none, that is the default one. */
  readonly org: string | null;
} & (
  | {
      readonly op: 'insert';
      /** By table, the values that the row must have. */ readonly rows: Readonly<Record<string, Row>>;
    }
  | { readonly op: 'restock'; readonly product: number; readonly increment: number }
);

export type OutcomeLine =
  | {
      readonly type: 'ok';
      readonly key: string;
      readonly version: 'v1' | 'v2';
      /** What the application says it worked for; null in v1. */
      readonly organizationId: string | null;
      /** By table, the primary keys of what was written; also of rows that the request did not name, such as a membership. */
      readonly ids: Readonly<Record<string, number | string>>;
    }
  | { readonly type: 'refused'; readonly key: string; readonly status: number; readonly error: string }
  | { readonly type: 'unknown'; readonly key: string; readonly error: string };

/** restock_count of a product before this load touched it. */
export interface BaselineLine {
  readonly type: 'baseline';
  readonly product: number;
  readonly counter: number;
}

export type LogLine = PromiseLine | OutcomeLine | BaselineLine;

export type WriteLog = AppendLog<LogLine>;

export function openWriteLog(path: string): WriteLog {
  return openAppendLog<LogLine>(path);
}
