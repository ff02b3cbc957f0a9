import { BSON, type Db, type Document } from 'mongodb';
import { clip } from '../../src/core/evidence';
import type { Json } from '../../src/core/json';
import type { AggregateQuestion } from '../../src/core/observe-args';
import type { Answer } from '../expectation';
import { refused } from './refused';

/** They write, or run JavaScript in the server. */
const FORBIDDEN: ReadonlySet<string> = new Set(['$out', '$merge', '$where', '$function', '$accumulator']);

/**
 * Asks once, counts the documents of the answer and keeps the first five, their values as plain text or JSON. The `_id`
 * of a group of everything, which is null, is left out.
 *
 * @throws Refused when the pipeline writes or runs code, before anything is sent.
 */
export async function askAggregate(
  db: Db,
  question: Pick<AggregateQuestion, 'table' | 'pipeline'> & {
    readonly timeoutMs?: number;
    readonly signal?: AbortSignal;
  },
): Promise<Answer> {
  const stages = readPipeline(question.pipeline);
  const cursor = db
    .collection(question.table)
    .aggregate(stages, { maxTimeMS: question.timeoutMs ?? TIMEOUT_MS, allowDiskUse: true });
  const first: Record<string, unknown>[] = [];
  let rows = 0;
  try {
    for await (const document of cursor) {
      question.signal?.throwIfAborted();
      rows += 1;
      if (first.length < SHOWN) first.push(shown(document));
    }
  } finally {
    await cursor.close();
  }
  return { rows, first };
}

/** Stages as the server takes them, from extended JSON. */
export function readPipeline(pipeline: readonly Json[]): Document[] {
  const operator = forbiddenIn(pipeline);
  if (operator !== undefined)
    throw refused(
      `A question of the plan uses ${operator}, which ${operator === '$out' || operator === '$merge' ? 'writes' : 'runs code in the server'}; ask with stages that only read.`,
    );
  return BSON.EJSON.deserialize({ pipeline } as Document)['pipeline'] as Document[];
}

/** Wherever it stands: `$lookup`, `$facet` and `$unionWith` hold pipelines of their own. */
export function forbiddenIn(value: Json): string | undefined {
  if (value === null || typeof value !== 'object') return undefined;
  if (Array.isArray(value)) return firstOf(value as readonly Json[]);
  const own = Object.keys(value).find((name) => FORBIDDEN.has(name));
  return own ?? firstOf(Object.values(value) as readonly Json[]);
}

function firstOf(values: readonly Json[]): string | undefined {
  for (const value of values) {
    const found = value === undefined ? undefined : forbiddenIn(value);
    if (found !== undefined) return found;
  }
  return undefined;
}

export function pipelineText(pipeline: readonly Json[]): string {
  return clip(JSON.stringify(pipeline), 120);
}

function shown(document: Document): Record<string, unknown> {
  const entries = Object.entries(document).filter(([name, value]) => name !== '_id' || value !== null);
  return Object.fromEntries(entries.map(([name, value]) => [name, plain(value)]));
}

function plain(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString();
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return '_bsontype' in value ? String(value) : value;
}

const SHOWN = 5;
const TIMEOUT_MS = 60_000;
