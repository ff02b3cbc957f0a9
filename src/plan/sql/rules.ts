import type { Statement } from './scan';

/** What stands against a statement; `never`: no reason makes it right, because the step could not run it as it is. */
export interface Objection {
  readonly found: string;
  readonly fix: string;
  readonly never?: true;
}

interface Rule extends Objection {
  readonly pattern: RegExp;
}

/** What a script is for decides what is harmless in it. */
export type ScriptUse = 'create' | 'statements' | 'undo';

/** The first thing that stands against a statement of the plan, or undefined when it is known to be safe online. */
export function objection({ code }: Statement, use: ScriptUse): Objection | undefined {
  const hit = RULES.find((rule) => rule.pattern.test(code) && !(use === 'undo' && HARMLESS_BACK.test(code)));
  if (hit) return { found: hit.found, fix: hit.fix, ...(hit.never ? { never: true as const } : {}) };
  const unpinned = unpinnedFunction(code);
  if (unpinned) return unpinned;
  if (SAFE[use].some((pattern) => pattern.test(code))) return undefined;
  const words = code.split(/\s+/).slice(0, 3).join(' ').toUpperCase();
  return {
    found: `${words} ..., which the checker cannot prove safe`,
    fix: 'a safe statement; or `unsafe: <reason>` beside the file, which approvers are shown',
  };
}

/** Trap T3.10: whoever sets search_path decides what an unpinned function calls, with the rights it runs with. */
function unpinnedFunction(code: string): Objection | undefined {
  if (!/^create\s+(or\s+replace\s+)?(function|procedure)\b/i.test(code)) return undefined;
  if (/\bset\s+search_path\s*(=|to)\s*/i.test(code)) return undefined;
  return {
    found: 'a function without a search_path of its own: its caller decides what the names in it mean',
    fix: 'SET search_path = pg_catalog, pg_temp in its head, and names with their schema in its body',
    never: true,
  };
}

const OWN_TRANSACTION = 'take it out: every step runs in a transaction of its own';
const OWN_SESSION = 'take it out: sessions are set up by the tool, and a change would outlive the step';

const RULES: readonly Rule[] = [
  {
    pattern: /^(begin|start\s+transaction|commit|end|rollback|abort|savepoint|release|prepare\s+transaction)\b/i,
    found: 'transaction control',
    fix: OWN_TRANSACTION,
    never: true,
  },
  { pattern: /^\\/, found: 'a command of psql', fix: 'SQL statements only', never: true },
  { pattern: /^(set|reset|discard)\b/i, found: 'a change of the session', fix: OWN_SESSION, never: true },
  {
    pattern: /^(alter\s+system|create\s+database|drop\s+database|create\s+tablespace|drop\s+tablespace)\b/i,
    found: 'a change of the whole server',
    fix: 'make it outside of the plan',
    never: true,
  },
  {
    pattern: /^(create|alter|drop)\s+(role|user|group)\b/i,
    found: 'a change of roles',
    fix: 'make it outside of the plan; passwords never stand in plans',
    never: true,
  },
  {
    pattern: /\bconcurrently\b/i,
    found: 'CONCURRENTLY, which cannot run inside a step',
    fix: 'name the index under tenancy.tables.<table>.indexes',
    never: true,
  },
  { pattern: /^copy\b/i, found: 'COPY', fix: 'INSERT, or a load outside of the plan', never: true },
  {
    pattern: /^create\s+(unique\s+)?index\b/i,
    found: 'CREATE INDEX, which stops every write while it builds',
    fix: 'name the index under tenancy.tables.<table>.indexes: it is built beside the writes',
  },
  { pattern: /^reindex\b/i, found: 'REINDEX, which stops every write while it builds', fix: 'take it out' },
  {
    pattern: /^vacuum\s+(\(.*\bfull\b.*\)|full\b)|^cluster\b/i,
    found: 'a rewrite of the whole table under ACCESS EXCLUSIVE',
    fix: 'take it out',
  },
  { pattern: /^vacuum\b/i, found: 'VACUUM, which cannot run inside a step', fix: 'take it out', never: true },
  {
    pattern: /^truncate\b/i,
    found: 'TRUNCATE, which empties tables for good, with CASCADE those that nobody named',
    fix: 'take it out',
  },
  { pattern: /^drop\b/i, found: 'DROP, which destroys', fix: 'take it out; the undo drops what its step created' },
  {
    pattern: /^(delete\s+from|update|merge)\b/i,
    found: 'a change of rows in one statement, which locks them all and bloats the table',
    fix: 'take it out; the tenancy block stamps rows',
  },
  { pattern: /^lock\b/i, found: 'LOCK', fix: 'take it out; steps take the locks they need' },
  {
    pattern:
      /^alter\s+table\b[^;]*\b(set\s+data\s+type|type\s+\w+|set\s+not\s+null|rename\s|drop\s|set\s+schema|add\s+(primary|unique|exclude|generated))/i,
    found: 'ALTER TABLE that rewrites, scans or breaks the old application',
    fix: 'a new column or table beside the old one',
  },
  {
    pattern: /^alter\s+table\b[^;]*\badd\s+(constraint\s+\S+\s+)?(check|foreign\s+key)\b(?![^;]*\bnot\s+valid\b)/i,
    found: 'a constraint that scans the table under its lock',
    fix: 'NOT VALID here, and VALIDATE CONSTRAINT in a file of its own',
  },
  {
    pattern: /^alter\s+type\b[^;]*\badd\s+value\b/i,
    found: 'ALTER TYPE ... ADD VALUE, which cannot be undone',
    fix: 'a table of values',
  },
  {
    pattern: /^refresh\s+materialized\b/i,
    found: 'REFRESH MATERIALIZED VIEW, which locks its readers out',
    fix: 'take it out',
  },
  {
    pattern: /^(do|call|execute)\b/i,
    found: 'a block whose statements the checker cannot see',
    fix: 'the statements themselves; or `unsafe: <reason>` beside the file',
  },
  {
    pattern: /(?<!on\s+(?:delete|update)\s+)\bcascade\b/i,
    found: 'CASCADE, which reaches what nobody named',
    fix: 'name each object',
  },
];

/** In a table's own file ON DELETE CASCADE belongs to a foreign key; on the way back DROP of code destroys no data. */
const HARMLESS_BACK =
  /^drop\s+(function|procedure|routine|view|trigger|aggregate|policy|type|sequence)\b(?!.*\bcascade\b)/is;

const ADDITIVE: readonly RegExp[] = [
  /^create\s+(or\s+replace\s+)?(function|procedure|view)\b/i,
  /^create\s+(table|type|sequence|schema|domain|view)\b/i,
  /^comment\s+on\b/i,
  /^(grant|revoke)\b/i,
  /^alter\s+(function|procedure|default\s+privileges)\b/i,
];

const SAFE: Readonly<Record<ScriptUse, readonly RegExp[]>> = {
  create: [/^create\s+(table|type|sequence)\b/i, /^comment\s+on\b/i, /^(grant|revoke)\b/i],
  statements: ADDITIVE,
  undo: [...ADDITIVE, HARMLESS_BACK],
};
