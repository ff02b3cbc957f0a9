import { CutoverError } from '../src/core/failure';
import { missing, requirementText } from '../src/core/gate';
import type { VerbInput } from '../src/core/verb';
import type { Resources } from './resources';

/**
 * The decisions that allow a gated phase, counted again by the process that holds the credentials and against the
 * people file on its own disk: a workflow's word alone opens nothing.
 */
export async function enforceAuthority(resources: Resources, input: VerbInput): Promise<void> {
  const { authority, verb, step } = input;
  refuseUnsigned(resources, input);
  if (verb === 'undo' || !authority) return;
  const people = await resources.people();
  const { gate, decisions, requestedBy, nonce, evidenceDigest } = authority;
  const counted = decisions.filter(
    (d) =>
      d.nonce === nonce &&
      d.evidenceDigest === evidenceDigest &&
      d.decision === 'approve' &&
      !(gate.excludeRequester && d.approver === requestedBy),
  );
  const wanting = decisions.some((d) => d.decision === 'reject')
    ? gate.require
    : missing(gate.require, counted, people);
  if (wanting.length > 0) {
    throw new CutoverError(
      'NotAllowed',
      `Step ${step.id} is behind the gate before ${authority.phase}, whose decisions do not suffice on this worker: ${requirementText(wanting)} wanting.`,
    );
  }
}

/** The first verb carries the plan. Whoever may send a message may claim any name: production wants the worker's owner to know that. */
function refuseUnsigned(resources: Resources, { plan, run }: VerbInput): void {
  if (plan?.environment !== 'production' || resources.allow.unsignedInProduction) return;
  throw new CutoverError(
    'NotAllowed',
    `Plan "${run.plan}" is for production, and decisions on this worker are unsigned: names are what the senders say. Set allow.unsignedInProduction: true in cutover.config.yaml if everybody who can reach Temporal may be trusted with that.`,
  );
}
