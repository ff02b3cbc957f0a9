import type { EngineName } from '../core/plan';
import type { CheckInput, Finding } from './finding';
import { aroundOneFlag, stagedAndLive } from './check-switch';
import type { PathPart } from './problem';
import type { PlanFile } from './schema/plan';

/** Words that only one engine knows: a word that is accepted and then ignored is a promise that nobody keeps. */
export function checkEngine({ plan }: CheckInput): readonly Finding[] {
  const other = WORDS.filter(({ only, used }) => only !== plan.engine && used(plan).length > 0);
  return [
    ...other.flatMap(({ only, used, instead, value }) =>
      used(plan).map((at) => ({
        at,
        found: `${value ?? String(at.at(-1))}, which only a plan of ${NAMES[only]} can have`,
        expected: `what a plan of ${NAMES[plan.engine]} can have`,
        fix: instead,
      })),
    ),
    ...(plan.engine === 'mongodb' ? mongoNeeds(plan) : postgresNeeds(plan)),
  ];
}

const NAMES: Readonly<Record<EngineName, string>> = { postgres: 'PostgreSQL', mongodb: 'MongoDB' };

type Places = readonly (readonly PathPart[])[];

interface Word {
  readonly only: EngineName;
  readonly used: (plan: PlanFile) => Places;
  readonly instead: string;
  /** What is written there, where it is the value that the engine does not know and not its name. */
  readonly value?: string;
}

const at = (used: boolean, ...path: readonly PathPart[]): Places => (used ? [path] : []);
const inList = (list: readonly object[], word: string, ...path: readonly PathPart[]): Places =>
  list.flatMap((entry, i) => at((entry as Record<string, unknown>)[word] !== undefined, ...path, i, word));
const inTables = ({ tenancy }: PlanFile, word: 'unique' | 'globalUnique'): Places =>
  Object.entries(tenancy.tables).flatMap(([name, spec]) =>
    at(spec[word] !== undefined, 'tenancy', 'tables', name, word),
  );

const WORDS: readonly Word[] = [
  {
    only: 'mongodb',
    used: (p) => at(p.backup.exclude.length > 0, 'backup', 'exclude'),
    instead: 'take it out; the dump holds every table',
  },
  {
    only: 'mongodb',
    used: (p) => at(p.preflight.expected !== undefined, 'preflight', 'expected'),
    instead: 'take it out; nothing of PostgreSQL is forgotten after a time',
  },
  {
    only: 'mongodb',
    used: (p) => at(p.tenancy.model !== undefined, 'tenancy', 'model'),
    instead: 'take it out; preflight reads the catalog',
  },
  {
    only: 'mongodb',
    used: (p) => at(Object.keys(p.tenancy.registry.fill).length > 0, 'tenancy', 'registry', 'fill'),
    instead: 'defaults in the CREATE TABLE',
  },
  {
    only: 'mongodb',
    used: (p) => at(Object.keys(p.tenancy.membership?.fill ?? {}).length > 0, 'tenancy', 'membership', 'fill'),
    instead: 'defaults in the CREATE TABLE',
  },
  {
    only: 'mongodb',
    used: (p) => at(Object.keys(p.tenancy.membership?.values ?? {}).length > 0, 'tenancy', 'membership', 'values'),
    instead: 'defaults in the CREATE TABLE',
  },
  {
    only: 'mongodb',
    used: (p) => at(p.tenancy.membership?.roles !== undefined, 'tenancy', 'membership', 'roles'),
    instead: 'take it out: every user gets the one `role` in this version',
  },
  { only: 'mongodb', used: (p) => inTables(p, 'unique'), instead: 'an SQL step that builds the unique index' },
  {
    only: 'mongodb',
    used: (p) => inTables(p, 'globalUnique'),
    instead: 'take it out: unique indexes of PostgreSQL stay as they are',
  },
  ...(['mechanism', 'close', 'open', 'announced'] as const).map((word): Word => ({
    only: 'mongodb',
    used: (p) => at(p.freeze[word] !== undefined, 'freeze', word),
    instead: 'take it out: behind the fence `queue` nobody is refused',
  })),
  {
    only: 'mongodb',
    used: (p) => at(p.freeze.quiet.length > 0, 'freeze', 'quiet'),
    instead: 'take it out: the locks of the fence `queue` hold every writer of these tables',
  },
  {
    only: 'mongodb',
    used: (p) => inList(p.phases.preflight, 'profiling', 'phases', 'preflight'),
    instead: 'log_min_duration_statement, set outside',
  },
  {
    only: 'mongodb',
    used: (p) => inList(p.phases.validate, 'aggregate', 'phases', 'validate'),
    instead: 'query: { sql: ... }',
  },
  {
    only: 'mongodb',
    used: (p) =>
      ['aggregate', 'server'].flatMap((w) => inList(p.phases.observe.probes, w, 'phases', 'observe', 'probes')),
    instead: 'an sql, http or log probe',
  },
  {
    only: 'mongodb',
    used: (p) => at(p.freeze.fence === 'refuse', 'freeze', 'fence'),
    value: 'refuse',
    instead: 'queue',
  },
  {
    only: 'postgres',
    used: (p) => at(p.log !== undefined, 'log'),
    instead: 'take it out; the ledger has it all, see `cutover report`',
  },
  {
    only: 'postgres',
    used: (p) => inList(p.phases.expand, 'sql', 'phases', 'expand'),
    instead: 'command: a program of the application that makes the change',
  },
  {
    only: 'postgres',
    used: (p) => inList(p.phases.validate, 'query', 'phases', 'validate'),
    instead: 'aggregate: { table, pipeline, expect }',
  },
  {
    only: 'postgres',
    used: (p) => inList(p.phases.observe.probes, 'sql', 'phases', 'observe', 'probes'),
    instead: 'an aggregate, log, server or http probe',
  },
  {
    only: 'postgres',
    used: (p) => at(p.watch.length > 0, 'watch'),
    instead: 'aggregate steps of validate',
  },
  {
    only: 'postgres',
    used: (p) => at(p.tenancy.redo !== 'none', 'tenancy', 'redo'),
    instead: 'none: this version keeps the archive and does not put it back',
  },
  {
    only: 'postgres',
    used: (p) => at(p.phases.contract.keepStamping !== undefined, 'phases', 'contract', 'keepStamping'),
    instead: 'take it out: nothing stamps documents once the validators are strict',
  },
  {
    only: 'postgres',
    used: (p) => inList(p.phases.cutover.switch, 'flag', 'phases', 'cutover', 'switch'),
    instead: 'config and deploy',
  },
  {
    only: 'postgres',
    used: (p) => at(p.freeze.fence === 'queue', 'freeze', 'fence'),
    value: 'queue',
    instead: 'refuse: MongoDB has no locks that let writers wait',
  },
];

function postgresNeeds(plan: PlanFile): readonly Finding[] {
  return [...aroundOneFlag(plan), ...stagedAndLive(plan)];
}

function mongoNeeds(plan: PlanFile): readonly Finding[] {
  const { tenancy, freeze } = plan;
  const findings: Finding[] = [];
  if (tenancy.key.type !== 'text') {
    findings.push({
      at: ['tenancy', 'key', 'type'],
      found: tenancy.key.type,
      expected: 'text: the only type that this version stamps on MongoDB',
      fix: 'text',
    });
  }
  if (freeze.fence === 'refuse' && freeze.mechanism === undefined) {
    findings.push({
      at: ['freeze', 'mechanism'],
      found: 'nothing',
      expected: 'what refuses the writes: role, validator, write-block or hook',
      fix: "role: the application's user loses its roles, at once and for deletes too",
    });
  }
  const commands = (['close', 'open'] as const).filter((word) => freeze[word] === undefined);
  if (freeze.mechanism === 'hook' && commands.length > 0) {
    findings.push({
      at: ['freeze', 'mechanism'],
      found: `hook without ${commands.join(' and ')}`,
      expected: 'the commands that make the application read-only and let it write again',
      fix: commands.map((word) => `${word}: { argv: [...] }`).join(' and '),
    });
  }
  return [...findings, ...stagedAndLive(plan)];
}
