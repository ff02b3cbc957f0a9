import { isLookedUp } from '../core/tenancy-args';
import { formatDuration } from './durations';
import { sqlEntries } from './entries';
import type { Frame } from './frame';
import { qualified, shortTable } from './identifiers';
import { mongoRemarks } from './remarks-mongodb';
import { ruleText } from './rule-text';

/**
 * What approvers should know before they decide: the traps of this kind of migration (T3.x) as they apply to this plan
 * and how each is met, then what the plan itself asks approvers to accept.
 */
export function remarksOf(frame: Frame): readonly string[] {
  if (frame.plan.engine === 'mongodb') return mongoRemarks(frame);
  const traps = [...schemaTraps(frame), ...membershipTraps(frame), ...dataTraps(frame), ...applicationTraps(frame)];
  return [...traps.sort((a, b) => place(a) - place(b)), ...accepted(frame)];
}

function schemaTraps({ plan, tables, key }: Frame): readonly string[] {
  const indexes = tables.reduce((sum, t) => sum + t.indexes.length, 0);
  const named = Object.entries(plan.tenancy.tables).filter(([, spec]) => spec.index ?? spec.indexes);
  const generated = tables.filter((t) => !named.some(([name]) => qualified(name) === t.table));
  const added =
    generated.length === 0
      ? ''
      : `; not named in the plan and built all the same: ${generated.map((t) => shortTable(t.table)).join(', ')}`;
  return [
    'T3.1 One transaction for everything excludes building indexes beside the writes. Here every step commits by itself, with its ledger row, and has its own way back.',
    'T3.2 gen_random_uuid() is built in only from PostgreSQL 13 on. Here preflight refuses every server older than 14.',
    `T3.3 A plain CREATE INDEX stops every write while it builds. Here all ${indexes} indexes are built CONCURRENTLY; a half-built one is found and repaired.`,
    `T3.5 A column ${key.column} that refers to nothing takes any value. Here its type (${key.type}) and its foreign key to ${shortTable(key.references.table)}.${key.references.column} are declared, and validated in every table.`,
    `T3.9 A partial list of indexes leaves tables to full scans. Here each of the ${tables.length} tables gets one that begins with ${key.column}${added}.`,
  ];
}

function membershipTraps({ members }: Frame): readonly string[] {
  if (!members) return [];
  return [
    `T3.4 Without UNIQUE (${members.user}, ${members.tenant}) and foreign keys a user becomes a member twice, or a member without being a user. Here the checker has found both in the CREATE TABLE of ${shortTable(members.table)}.`,
  ];
}

function dataTraps({ key, tables }: Frame): readonly string[] {
  const ruled = tables.filter((t) => isLookedUp(t.rule));
  const constant = tables.length - ruled.length;
  return [
    `T3.6 Rows that the old application inserts after a backfill have no ${key.column}. Here a trigger stamps them from the moment the column exists, the freeze sweeps, and NOT NULL follows from a CHECK that was validated beside the writes.`,
    `T3.7 A volatile default, or one UPDATE of everything, rewrites or bloats large tables. Here the ${constant === tables.length ? `${constant} tables` : `tables without a rule (${constant} of ${tables.length})`} get a constant default that touches no row and is dropped in the same transaction${ruled.length === 0 ? '' : '; by a rule rows are stamped in windows'}.`,
  ];
}

function applicationTraps({ plan, tables, key }: Frame): readonly string[] {
  const functions =
    sqlEntries(plan).length > 0
      ? [
          'T3.10 A function without a search_path of its own calls what its caller wants. Here the checker refuses every CREATE FUNCTION that does not pin it.',
        ]
      : [];
  return [
    'T3.8 A flag that skips prompts must not skip decisions. Here nothing skips a gate: only the people whom the plan requires open it.',
    ...functions,
    `T3.11 SELECT * and mapped rows see the new column ${key.column}. A prepared SELECT * on ${tables.map((t) => shortTable(t.table)).join(', ')} fails with 0A000 ("cached plan must not change result type") on every execution from the moment the column is added until it is prepared again, and once more when a rollback drops it: let the application prepare again on 0A000, or restart its connections.`,
  ];
}

/** What a rule leaves open, and when that begins to cost the application something. */
function ruleRemarks({ key, tables }: Frame): readonly string[] {
  const ruled = tables.flatMap(({ table, rule }) => (isLookedUp(rule) ? [{ table: shortTable(table), rule }] : []));
  if (ruled.length === 0) return [];
  return [
    ...ruled.map(
      ({ table, rule }) =>
        `RULE Rows of ${table} have the tenant that is found ${ruleText(rule)}; ${rule.otherwise ? "whoever is not found becomes the default tenant's" : 'while any is not found, no row is stamped'}.`,
    ),
    `RULE Triggers of the application that fire on UPDATE fire for every row of ${ruled.map((r) => r.table).join(', ')} that is stamped.`,
    `REFUSED From the approved cutover on, ${ruled.map((r) => r.table).join(', ')} take no row whose ${key.column} the rule cannot tell; until then such a row is let in and named.`,
  ];
}

function accepted(frame: Frame): readonly string[] {
  const { plan } = frame;
  const steps = sqlEntries(plan).flatMap(({ spec: sql }) => [
    ...(sql.unsafe === undefined
      ? []
      : [`UNSAFE ${sql.file} holds statements that the checker cannot prove safe. The plan says: ${sql.unsafe}`]),
    ...(sql.irreversible === undefined
      ? []
      : [`NO WAY BACK ${sql.file} cannot be undone. The plan says: ${sql.irreversible}`]),
  ]);
  const { keepStamping } = plan.phases.contract;
  const stays =
    keepStamping === undefined
      ? [
          `REMOVED Contract drops the triggers that stamp rows without ${plan.tenancy.key.column}, and refuses to while any row came without it since observe began.`,
        ]
      : [
          `STAYS The triggers that stamp rows without ${plan.tenancy.key.column} are kept for good. The plan says: ${keepStamping}`,
        ];
  const { redo } = plan.tenancy;
  const back =
    redo === 'none'
      ? []
      : [
          `REDO The archive of ${redo === 'latest' ? 'the newest run of this plan that was rolled back' : `run ${redo}`} is put back in backfill; what the log table held stays in the archive.`,
        ];
  const { observe } = plan.phases;
  const record =
    observe.breach.then === 'notify'
      ? [
          `RECORDED ONLY A breach within the ${formatDuration(observe.for)} of observe stops nothing: it is written down.`,
        ]
      : [];
  return [...steps, ...ruleRemarks(frame), ...stays, ...back, ...record];
}

/** `T3.10 ...` -> 10. */
function place(trap: string): number {
  return Number(/^T3\.(\d+)/.exec(trap)?.[1] ?? 0);
}
