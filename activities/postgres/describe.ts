import { assertNever } from '../../src/core/assert-never';
import type { QueueFreeze } from '../../src/core/freeze-args';
import type { Probe } from '../../src/core/observe-args';
import type { PreflightArgs } from '../../src/core/preflight-args';
import type { Step } from '../../src/core/step';
import type { StepDescription } from '../describe/step-description';
import { expectationText } from '../expectation';
import { probeNote, sharedNotes } from '../shared-notes';
import { compareStatements } from './statements/compare';
import { queueFreeze } from './queue-freeze';
import { freezeStatements, lockOrder } from './statements/freeze';
import { indexStatements } from './statements/index-concurrently';
import { keyStatements } from './statements/key';
import { memberStatements } from './statements/members';
import { queryStatements } from './statements/query';
import { recountStatements } from './statements/recount';
import { redoStatements } from './statements/redo';
import { referenceStatements } from './statements/reference';
import { registryStatements } from './statements/registry';
import { requiredStatements } from './statements/required';
import { retireStatements } from './statements/retire';
import { shapeStatements } from './statements/shape';
import { stampStatements } from './statements/stamp';
import type { Given, StepStatements } from './statements/statement';
import { statementStatements } from './statements/statements';
import { tableStatements } from './statements/table';

export function describe(step: Step): StepDescription {
  const { forward, back } = statementsOf(step);
  return { sentence: step.title, statements: forward, undo: back, notes: notesOf(step) };
}

function statementsOf(step: Step): StepStatements {
  const given: Given = {
    marker: `cutover <run> ${step.id}`,
    owner: '<owner of the table>',
    value: ({ step: from, name }) => `\${steps.${from}.${name}}`,
  };
  switch (step.kind) {
    case 'table':
      return tableStatements(step.args, given);
    case 'registry':
      return registryStatements(step.args, given, step.id);
    case 'key':
      return keyStatements(step.args, given);
    case 'reference':
      return referenceStatements(step.args, given);
    case 'index':
      return indexStatements(step.args, given);
    case 'statements':
      return statementStatements(step.args, given);
    case 'stamp':
      return stampStatements(step.args, given);
    case 'redo':
      return redoStatements(step.args, given);
    case 'members':
      return memberStatements(step.args, given);
    case 'required':
      return requiredStatements(step.args, given);
    case 'query':
      return queryStatements(step.args);
    case 'compare':
      return compareStatements(step.args);
    case 'recount':
      return recountStatements(step.args, given);
    case 'shape':
      return shapeStatements(step.args);
    case 'freeze':
      return freezeStatements(queueFreeze(step.args), given);
    case 'retire':
      return retireStatements(step.args);
    case 'preflight':
    case 'backup':
    case 'drill':
    case 'observe':
    case 'release':
    case 'command':
    case 'http':
    case 'config':
    case 'unconfig':
    case 'deploy':
    case 'manual':
    case 'export':
    case 'diff':
    // Refused on PostgreSQL before they do anything.
    case 'aggregate':
    case 'profiling':
      // Nothing of the application's is changed: reads, a dump, a restore into scratch, probes, the tool's own claim.
      return { forward: [], back: [] };
    default:
      return assertNever(step, 'A step');
  }
}

function notesOf(step: Step): readonly string[] {
  switch (step.kind) {
    case 'preflight':
      return [
        `reads only, but for the claim in schema cutover of ${step.target}`,
        `refuses a transaction older than ${span(step.args.maxTransactionAgeMs)}, naming its pid, age and query`,
        ...(step.args.redo === undefined ? [] : [redoNote(step.args.redo)]),
        `must not be there yet: ${fresh(step.args).join(', ') || 'nothing'}`,
        ...(step.args.adopts?.length
          ? [
              `may be there, when they are as good as what the plan creates: ${step.args.adopts.map((a) => a.table).join(', ')} (compared column by column: the CREATE TABLE is carried out beside them and taken back)`,
            ]
          : []),
      ];
    case 'backup':
      return [
        'pg_dump -Fc from an exported snapshot; counts and digests of every table from the same one',
        'lock: ACCESS SHARE on every table: readers and writers go on, DDL waits',
        `left out: schema ${step.args.exclude.join(', ')}`,
      ];
    case 'drill':
      return [
        `overwrites what is in ${step.args.scratch}, which must be no other target; compares rows, digests, owners and grants`,
      ];
    case 'redo':
      return [
        `from the archive of ${step.args.archive === 'latest' ? 'the newest run of this plan that was rolled back' : `run ${step.args.archive}`}; rows that are gone are counted and listed, rows with another key are never touched`,
        'a trigger of the application that fires on UPDATE fires for every key that is put back',
        'its undo is that of the keys and tables: what differs from the rule goes into the archive again, under this run',
      ];
    case 'table':
      return step.args.needs === undefined
        ? []
        : [
            `where ${step.args.table} is there already: compared with the file column by column and adopted, or refused with what to ALTER; an adopted table is never dropped, and its undo takes only the rows of this run`,
          ];
    case 'query':
      return [`as ${step.args.as.join(', then as ')}: expects ${expectationText(step.args.expect)}`];
    case 'compare':
      return [
        `as ${step.args.as.join(', then as ')}, against what ${step.args.baseline} found: answer, plan by EXPLAIN without ANALYZE, median time of three`,
        'fails when an answer differs that must not, or a table of more than 10,000 rows is read in full where an index was used',
      ];
    case 'recount':
      return [`as ${step.args.as.join(', then as ')}: every row has a tenant of the registry, no other`];
    case 'freeze':
      return step.args.mode === 'queue' ? freezeNotes(step.args) : [NO_REFUSE];
    case 'command':
    case 'http':
    case 'config':
    case 'unconfig':
    case 'deploy':
    case 'manual':
      return sharedNotes(step);
    case 'observe':
      return [
        ...step.args.probes.map(probeText),
        `a breach: ${step.args.failures} failures in the last ${step.args.of} answers of one probe; inconclusive never counts; then: ${step.args.then}`,
      ];
    case 'release':
      return ['deletes the claim of this run; ledger and archive stay'];
    case 'retire':
      return step.args.keepStamping === undefined
        ? ['refuses while any row came without its key since observe began, or the server was restarted meanwhile']
        : [`the stamping stays: ${step.args.keepStamping}`];
    default:
      return [];
  }
}

function redoNote(redo: string): string {
  if (redo === 'none')
    return 'says whether an earlier run of this plan left an archive, and how many rows: this plan does not put it back (tenancy.redo: none)';
  return `says which archive will be put back in backfill, and how many rows (tenancy.redo: ${redo})`;
}

function fresh(args: PreflightArgs): readonly string[] {
  return args.creates.filter((name) => !args.adopts?.some((a) => a.table === name));
}

/** What approvers of the cutover decide on: what stands still, for how long, and what happens when nobody is there to end it. */
function freezeNotes(args: QueueFreeze): readonly string[] {
  const tables = lockOrder(args);
  return [
    `fence ${args.mode}: ACCESS EXCLUSIVE on ${tables.length} tables, one by one in this order: ${tables.join(', ')}`,
    `budget ${span(args.budgetMs)} from the first lock to COMMIT; past it the transaction is rolled back and everything is as before`,
    `stall ${span(args.stallMs)}: what all lock waits of one try may cost the application together; it tries again for ${span(args.patienceMs)}`,
    'expires: self. statement_timeout and idle_in_transaction_session_timeout hold what is left of the budget: the server ends the freeze of a worker that died',
    'stops: every read and write of these tables (they wait, none is refused), also pg_dump and autovacuum on them',
    'does not stop: writes to other tables, sessions that keep rows in memory, files, queues and other services',
    `undo: the same fence, then ${args.switch.key} back to its captured value; the key stays until its own undo`,
  ];
}

function probeText(probe: Probe): string {
  if (probe.kind === 'sql')
    return `probe ${probe.name}, as ${probe.as}: ${probe.sql} -> expects ${expectationText(probe.expect)}`;
  if (probe.kind === 'aggregate') return `probe ${probe.name}: refused, PostgreSQL has no pipelines`;
  return probeNote(probe);
}

const NO_REFUSE = 'fence refuse: refused on PostgreSQL in this version; use the mode queue';

function span(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${ms / 1000} s`;
}
