import type { EngineName } from '../core/plan';

/** What people who run this database call the things in it: titles and remarks are read by them. */
export interface EngineWords {
  readonly table: string;
  readonly tables: string;
  readonly row: string;
  readonly rows: string;
}

const WORDS: Readonly<Record<EngineName, EngineWords>> = {
  postgres: { table: 'table', tables: 'tables', row: 'row', rows: 'rows' },
  mongodb: { table: 'collection', tables: 'collections', row: 'document', rows: 'documents' },
};

export function wordsOf(engine: EngineName): EngineWords {
  return WORDS[engine];
}
