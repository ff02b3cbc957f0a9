import type { Decision } from './decision';
import { missing, requirementText } from './gate';
import type { Digest } from './json';
import { rolesOf, type People } from './people';
import { PHASES } from './phase';
import type { CompiledPlan, GateSpec } from './plan';

/** The last resort: the application's database becomes again what a run's backup holds. */
export interface RestoreInput {
  readonly home: string;
  /** A run's id, or a plan's name for its newest run. */
  readonly run: string;
  /** Absent: what would be lost is listed, and nothing is done. */
  readonly approved?: RestoreApproval;
}

export interface RestoreApproval {
  /** Of the list that was shown: another list wants another approval. */
  readonly lost: Digest;
  /** Together the quorum of the gate before contract. */
  readonly by: readonly string[];
  readonly comment: string;
}

/** What a restore takes back in one collection. */
export interface LostCollection {
  readonly collection: string;
  /** `created`: the backup does not have it, it is dropped. `dropped`: it comes back. */
  readonly is: 'changed' | 'created' | 'dropped';
  /** Documents that the backup does not have. */
  readonly inserted: number;
  /** Documents that read otherwise in the backup. */
  readonly changed: number;
  /** Documents that differ from the backup in nothing but the plan's tenant key. */
  readonly stamped: number;
  /** Documents that only the backup has: they come back. */
  readonly deleted: number;
  /** Of those inserted, changed and deleted the first few in the order of BSON bytes; canonical extended JSON. */
  readonly ids: readonly string[];
  /** Over all these documents: the same numbers of others are another list. */
  readonly digest: string;
}

/** The same database and the same backup make the same list, byte for byte. */
export interface LostList {
  readonly version: 1;
  readonly run: string;
  readonly home: string;
  /** Name of the backup's folder. */
  readonly backup: string;
  readonly manifest: Digest;
  /** The moment that the restore goes back to; ISO 8601, the server's clock. */
  readonly takenAt: string;
  /** Documents inserted, changed and deleted since; those that are only stamped are not among them. */
  readonly total: number;
  readonly collections: readonly LostCollection[];
  /** Views, indexes, options and validators that become again what they were, in words. */
  readonly shape: readonly string[];
  /** Runs that began after the backup was taken: their work is taken back as well. */
  readonly laterRuns: readonly string[];
}

export interface RestoreAnswer {
  readonly run: string;
  /** What `approved.lost` has to say. */
  readonly lost: Digest;
  readonly list: LostList;
  /** Where the list lies, on the worker. */
  readonly file: string;
  /** A restore that was begun and has not ended: what to do about it. */
  readonly underWay?: string;
  /** Absent when nothing was done. */
  readonly restored?: Restored;
}

export interface Restored {
  readonly message: string;
  /** Folder on the worker: the documents that were taken back, as BSON, and the ledger of the run. */
  readonly archive: string;
}

/** Why these people may not restore; undefined when they may. */
export function refusesRestore(plan: CompiledPlan, people: People, approval: RestoreApproval): string | undefined {
  if (!approval.comment.trim()) return 'A restore needs a reason; say it with --comment.';
  if (!approval.by.some((name) => rolesOf(people, name).length > 0))
    return `Nobody of ${approval.by.join(', ') || 'those named'} is in the people file of the worker.`;
  const gate = gateOfRestore(plan);
  const votes = approval.by.map((approver) => ({ approver, decision: 'approve' }) as Decision);
  const left = missing(gate?.require ?? [], votes, people);
  return left.length === 0
    ? undefined
    : `A restore wants the quorum of the gate before contract: ${requirementText(left)} wanting.`;
}

/** Contract is where only a restore leads back. A plan without that gate: the last one that it has. */
export function gateOfRestore(plan: CompiledPlan): GateSpec | undefined {
  const last = PHASES.findLast((phase) => plan.gates[phase] !== undefined);
  return plan.gates.contract ?? (last === undefined ? undefined : plan.gates[last]);
}

/** For gates and status: the one way that is left. */
export function restoreWords({ name, home }: Pick<CompiledPlan, 'name' | 'home'>): string {
  return `cutover restore ${name} --home ${home}`;
}
