import { parseArgs } from 'node:util';
import { ENGINES, type Engine } from './engine';

export interface BenchOptions {
  /** Ids of the rows to measure; empty = all. */
  readonly rows: readonly string[];
  /** Only the rows of one kind of server; absent = of both. */
  readonly only?: Engine;
  /** Small data and few repetitions: says whether it works and roughly how fast. */
  readonly quick: boolean;
  /** Goes on with the newest result file of this kind: rows that it has are not measured again. */
  readonly resume: boolean;
  /** Writes docs/bench.json and the table in docs/benchmarks.md as well. */
  readonly publish: boolean;
  readonly json: boolean;
  readonly sizes: { readonly small: number; readonly large: number };
  /** Repetitions of what takes a moment: expand and back, freeze and back. */
  readonly cycles: number;
  /** Repetitions of what takes a minute. */
  readonly repeats: number;
  /** Transactions a second of the SQL load; its connections. */
  readonly load: { readonly rate: number; readonly connections: number };
  /** Requests a second to the example's application in the whole runs. */
  readonly requests: number;
  /** How long the application is watched before anything happens. */
  readonly idleMs: number;
  readonly mongo: MongoSizes;
}

export interface MongoSizes {
  /** Documents of the large collection; the small one has an eighth of them. */
  readonly documents: number;
  readonly small: number;
  /** Operations a second of the application. */
  readonly rate: number;
  /** Repetitions of what takes a minute, and of what takes a moment. */
  readonly repeats: number;
  readonly cycles: number;
  readonly idleMs: number;
  /** Requests a second to the example's application in the whole runs. */
  readonly requests: number;
}

/** @throws for an option or row that does not exist; the message lists those that do. */
export function benchOptions(argv: readonly string[], known: readonly string[]): BenchOptions {
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({
    args: [...argv],
    options: {
      row: { type: 'string', multiple: true, default: [] },
      quick: flag,
      resume: flag,
      publish: flag,
      json: flag,
      cycles: { type: 'string' },
      repeats: { type: 'string' },
      only: { type: 'string' },
      documents: { type: 'string' },
    },
  });
  const { quick, resume, publish, json } = values;
  const rows = values.row.flatMap((text) => text.split(',')).filter(Boolean);
  const strange = rows.filter((id) => !known.includes(id));
  if (strange.length > 0) throw new Error(`There is no row ${strange.join(', ')}; the rows are ${known.join(', ')}.`);
  const cycles = wholeNumber('--cycles', values.cycles);
  const repeats = wholeNumber('--repeats', values.repeats) ?? (quick ? 1 : 3);
  const documents = wholeNumber('--documents', values.documents) ?? (quick ? 40_000 : 400_000);
  return {
    rows,
    ...engineOf(values.only),
    quick,
    resume,
    publish,
    json,
    sizes: quick ? { small: 20_000, large: 100_000 } : { small: 200_000, large: 1_000_000 },
    cycles: cycles ?? (quick ? 3 : 10),
    repeats,
    load: { rate: 400, connections: 32 },
    requests: 150,
    idleMs: quick ? 5_000 : 20_000,
    mongo: {
      documents,
      small: Math.max(1, Math.round(documents / 8)),
      rate: 300,
      repeats,
      cycles: cycles ?? (quick ? 3 : 7),
      idleMs: quick ? 3_000 : 10_000,
      requests: 30,
    },
  };
}

function engineOf(text: string | undefined): { readonly only?: Engine } {
  if (text === undefined) return {};
  const only = ENGINES.find((engine) => engine === text);
  if (only) return { only };
  throw new Error(`--only must be ${ENGINES.join(' or ')}; found "${text}".`);
}

function wholeNumber(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`${option} must be a whole number above zero; found "${text}".`);
}
