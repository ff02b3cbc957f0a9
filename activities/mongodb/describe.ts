import { assertNever } from '../../src/core/assert-never';
import { fenceNotes } from '../../src/core/fence-words';
import type { RefuseFreeze, SwitchAct } from '../../src/core/freeze-args';
import type { Probe } from '../../src/core/observe-args';
import type { PreflightArgs } from '../../src/core/preflight-args';
import type { Step } from '../../src/core/step';
import type { StepDescription, StepStatements } from '../describe/step-description';
import { expectationText } from '../expectation';
import { commandText, probeNote, sharedNotes } from '../shared-notes';
import {
  aggregateStatements,
  freezeStatements,
  profilingStatements,
  recountStatements,
  shapeStatements,
  stampStatements,
} from './statements/describe-data';
import {
  indexStatements,
  memberStatements,
  registryStatements,
  requiredStatements,
  retireStatements,
  tableStatements,
} from './statements/describe-schema';

/** As the PostgreSQL one: every statement of a step as mongosh would read it, what the application meets of it, and why. */
export function describe(step: Step): StepDescription {
  const { forward, back } = statementsOf(step);
  return { sentence: step.title, statements: forward, undo: back, notes: notesOf(step) };
}

function statementsOf(step: Step): StepStatements {
  switch (step.kind) {
    case 'table':
      return tableStatements(step.args);
    case 'registry':
      return registryStatements(step.args);
    case 'index':
      return indexStatements(step.args);
    case 'stamp':
      return stampStatements(step.args);
    case 'members':
      return memberStatements(step.args);
    case 'required':
      return requiredStatements(step.args);
    case 'aggregate':
      return aggregateStatements(step.args);
    case 'recount':
      return recountStatements(step.args);
    case 'shape':
      return shapeStatements(step.args);
    case 'profiling':
      return profilingStatements(step.args);
    case 'freeze':
      return step.args.mode === 'refuse' ? freezeStatements(step.args) : NOTHING;
    case 'retire':
      return retireStatements(step.args);
    case 'preflight':
    case 'backup':
    case 'drill':
    case 'export':
    case 'diff':
    case 'observe':
    case 'release':
    case 'command':
    case 'http':
    case 'config':
    case 'unconfig':
    case 'deploy':
    case 'manual':
    // Refused on MongoDB before they do anything.
    case 'key':
    case 'reference':
    case 'statements':
    case 'redo':
    case 'query':
    case 'compare':
      return NOTHING;
    default:
      return assertNever(step, 'A step');
  }
}

/** Nothing of the application's documents or catalog is changed by a statement. */
const NOTHING: StepStatements = { forward: [], back: [] };

function notesOf(step: Step): readonly string[] {
  switch (step.kind) {
    case 'preflight':
      return preflightNotes(step.args, step.target);
    case 'backup':
      return [
        "raw BSON in mongodump's layout, so that stock mongorestore restores it; users and roles beside it; written once",
        'consistent: one snapshot where the server holds one; else the dump and every change from its begin to a recorded time, put together: the source is then not read at one instant, and the manifest says so',
        `lock: none; reads go on beside the application's, and slow it down as any full read does`,
        ...(step.args.exclude.length > 0 ? [`left out: ${step.args.exclude.join(', ')}`] : []),
      ];
    case 'drill':
      return [
        `overwrites what is in ${step.args.scratch}, which must be no other target; compares documents, digests, indexes and validators with the manifest`,
      ];
    case 'export':
      return [
        `${step.args.columns.join(', ')} of every document of ${step.args.table}, as CSV and JSON into ${step.args.store}, file ${step.args.name}; by ${step.args.key}`,
      ];
    case 'diff':
      return [
        `reads the same fields again and compares with what ${step.args.export} wrote; a difference is named and fails`,
      ];
    case 'table':
      return [
        ...(step.args.needs === undefined
          ? []
          : [
              `where ${step.args.table} is there already: adopted when its indexes keep apart what the plan needs, else refused with what differs; an adopted collection is never dropped`,
            ]),
        "the undo's archive holds whole documents; while it is taken, inserts and updates are refused",
      ];
    case 'registry':
      return [
        'refused where a tenant of this name is there with other values; a unique index lets nobody make a second',
        'undo: only the document that this run inserted',
      ];
    case 'members':
      return [
        `users of ${step.args.from.table} in one streaming read; those who come later are joined inside the freeze`,
        "the documents equal those of the application, so what was inserted is kept by _id in the tool's own database",
      ];
    case 'index':
      return [
        'a build that is under way already is waited for; another definition under the same name is refused',
        ...(step.args.unique === true ? ['documents that it would refuse are named first, and nothing is built'] : []),
      ];
    case 'required':
      return [
        'where the collection has a validator of its own that refuses documents, that one stays as it is until the switch adds the key; one that warns gets the key added',
        'mongod writes a line into its log for every document that only warns',
        'a collection that is not there yet is made, so that its first document is asked too; the undo drops it when it is empty',
      ];
    case 'stamp':
      return [
        'windows in the order of _id, whatever its types; a document that has a key keeps it, whoever gave it; then sweeps until none is left',
        'no key is: absent, null, "", or of any type but string, which `$type` lists by number',
        'byte for byte the same but for the added field; documents that held null, "" or another type get that back in the undo',
      ];
    case 'aggregate':
      return [`as ${step.args.as.join(', then as ')}: expects ${expectationText(step.args.expect)}`];
    case 'recount':
      return [`as ${step.args.as.join(', then as ')}: every document has a tenant of the registry, no other`];
    case 'freeze':
      return step.args.mode === 'refuse'
        ? freezeNotes(step.args)
        : ['fence queue: refused on MongoDB, which has no table locks'];
    case 'observe':
      return [
        ...step.args.probes.map(probeText),
        `a breach: ${step.args.failures} failures in the last ${step.args.of} answers of one probe; inconclusive never counts; then: ${step.args.then}`,
      ];
    case 'retire':
      return ['strict only where no document would fail: collMod looks at none of those that are there'];
    case 'profiling':
      if ('restore' in step.args) return [`what ${step.args.restore} found is set again`];
      return [
        'slow statements go to system.profile of the database and into the log of the server; what was set before is kept',
      ];
    case 'release':
      return ["deletes the claim of this run; ledger and archive stay in the tool's own database"];
    case 'command':
    case 'http':
    case 'config':
    case 'unconfig':
    case 'deploy':
    case 'manual':
      return sharedNotes(step);
    default:
      return [];
  }
}

function preflightNotes(args: PreflightArgs, target: string): readonly string[] {
  return [
    `reads only, but for the claim in the tool's own database on ${target}`,
    'asks the server what it can do: version, replica set, snapshots, validators, change streams; promises nothing that it cannot',
    `refuses an operation older than ${span(args.maxTransactionAgeMs)}`,
    ...(args.expectedMs === undefined ? [] : [`the oplog must hold three times the expected ${span(args.expectedMs)}`]),
    ...(args.model ? [`the application says what it scopes by tenant: ${commandText(args.model.command)}`] : []),
    ...(args.uniques ?? []).map(
      ({ table, name, columns, replaces }) =>
        `unique index ${name} on ${table} (${columns.join(', ')})${replaces === undefined ? '' : `, instead of ${replaces}`}`,
    ),
  ];
}

/** What approvers of the cutover decide on: what is refused, for how long, and what happens when nobody is there to end it. */
function freezeNotes(args: RefuseFreeze): readonly string[] {
  return [
    ...fenceNotes(args.fence).map((note) => `fence ${note}`),
    `budget ${span(args.budgetMs)} from the fence to the opening; past it the fence opens to the old shape`,
    ...(args.announcedMs === undefined ? [] : [`announced: ${span(args.announcedMs)}, shown beside what is measured`]),
    ...args.quiet.flatMap(({ name, stop, start }) => [
      `stopped first: ${name}, by ${commandText(stop)}; started again by ${commandText(start)}`,
    ]),
    `silence: no write of anybody else for ${span(args.quietMs)} by the change stream, else it opens and says who wrote`,
    ...args.switch.map((act) => `switch: ${actText(act)}`),
    ...args.prove.map((probe) => `before it opens: ${probeText(probe)}`),
    'undo: the same fence, the acts of the switch in reverse, the validators of before; the key stays until its own undo',
  ];
}

function actText(act: SwitchAct): string {
  if (act.act === 'config') return `what ${act.step} has staged becomes live`;
  return `${act.deploy.service} runs ${act.deploy.build}, healthy within ${span(act.deploy.timeoutMs)}`;
}

function probeText(probe: Probe): string {
  if (probe.kind === 'aggregate')
    return `probe ${probe.name}, as ${probe.as}: ${probe.table} ${JSON.stringify(probe.pipeline)} -> expects ${expectationText(probe.expect)}`;
  if (probe.kind === 'sql') return `probe ${probe.name}: refused, MongoDB has no SQL`;
  return probeNote(probe);
}

function span(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${ms / 1000} s`;
}
