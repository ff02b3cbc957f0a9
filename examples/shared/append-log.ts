import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** Fields of a document or a row. */
export type Row = Readonly<Record<string, Json>>;

export interface AppendLog<L> {
  append(line: L): void;
  close(): void;
}

/** Appends lines of JSON. A line is with the operating system before `append` returns: it survives a SIGKILL of this process. */
export function openAppendLog<L>(path: string): AppendLog<L> {
  const file = openSync(path, 'a', 0o600);
  return {
    append: (line) => void writeSync(file, `${JSON.stringify(line)}\n`),
    close: () => {
      fsyncSync(file);
      closeSync(file);
    },
  };
}
