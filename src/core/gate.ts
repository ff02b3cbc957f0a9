import type { Decision, DecisionMessage } from './decision';
import { rolesOf, peopleWith, type People } from './people';
import type { CompiledPlan, GateSpec, Requirement } from './plan';
import { gateState, type GateState, type RunState } from './state';

export type Judgement =
  { readonly counts: true; readonly roles: readonly string[] } | { readonly counts: false; readonly reason: string };

/** Whether a decision counts, and if not why not, in words for the one who sent it. The same for Update and Signal. */
export function judgeDecision(plan: CompiledPlan, state: RunState, message: DecisionMessage, now: string): Judgement {
  const no = (reason: string): Judgement => ({ counts: false, reason });
  if (state.endedAt !== undefined) return no(`The run has ended (${state.status}); no gate of it is to be decided.`);
  if (state.direction === 'back') return no('The run is rolling back; no gate of it is to be decided.');
  const spec = (plan.gates as Readonly<Record<string, GateSpec | undefined>>)[message.gate];
  const gate = gateState(state, message.gate);
  if (!spec || !gate)
    return no(`The plan has no gate "${message.gate}"; its gates are ${Object.keys(plan.gates).join(', ')}.`);
  const roles = rolesOf(state.people, message.approver);
  if (roles.length === 0) return no(`"${message.approver}" is not in the people file of the worker.`);
  const wanted = spec.require.map((r) => r.role).filter((role) => roles.includes(role));
  if (wanted.length === 0) {
    return no(
      `"${message.approver}" has the roles ${roles.join(', ')}; gate ${message.gate} asks for ${requirementText(spec.require)}.`,
    );
  }
  if (spec.excludeRequester && message.approver === state.requestedBy && message.decision === 'approve') {
    return no(`"${message.approver}" started this run, and gate ${message.gate} excludes the requester.`);
  }
  const untimely = clockProblem(message, gate, now);
  if (untimely) return no(untimely);
  const earlier = gate.decisions.find((d) => d.approver === message.approver);
  const again = `"${message.approver}" has already decided to ${message.decision} at gate ${message.gate}.`;
  if (gate.status !== 'open') {
    const early = gate.status === 'pending' && message.decision === 'reject';
    if (early) return earlier ? no(again) : { counts: true, roles: wanted };
    return no(`Gate ${message.gate} is ${gate.status === 'pending' ? 'not open yet' : `closed (${gate.status})`}.`);
  }
  if (message.planDigest !== state.run.planDigest) {
    return no(`The decision is for plan ${message.planDigest}; this run executes ${state.run.planDigest}.`);
  }
  if (message.nonce !== gate.nonce)
    return no(
      `The decision is for an earlier opening of gate ${message.gate}; read \`cutover status\` and decide again.`,
    );
  if (message.evidenceDigest !== gate.evidence?.digest) {
    return no(
      `The decision is for evidence ${message.evidenceDigest}; gate ${message.gate} shows ${gate.evidence?.digest ?? 'none'}.`,
    );
  }
  return earlier?.decision === message.decision ? no(again) : { counts: true, roles: wanted };
}

/** Why the voice of somebody whom a quorum does not ask for would not count; a quorum of nobody asks for anybody. */
export function outsideQuorum(
  require: GateSpec['require'],
  people: People,
  vote: { readonly as: string; readonly what: string },
): string | undefined {
  const roles = rolesOf(people, vote.as);
  if (require.length === 0 || require.some((r) => roles.includes(r.role))) return undefined;
  return `"${vote.as}" has the roles ${roles.join(', ')}; ${vote.what} asks for ${requirementText(require)}.`;
}

/** The time in a message is its sender's word; one that cannot be true says that the message is not of this question. */
function clockProblem(message: DecisionMessage, gate: GateState, now: string): string | undefined {
  if (message.at === undefined || message.at === '') return undefined;
  const at = Date.parse(message.at);
  if (at > Date.parse(now) + CLOCK_SKEW_MS)
    return `The decision was made at ${message.at}, in the future of this run (${now}); set the sender's clock and decide again.`;
  if (gate.openedAt !== undefined && at < Date.parse(gate.openedAt) - CLOCK_SKEW_MS)
    return `The decision was made at ${message.at}, before gate ${message.gate} opened (${gate.openedAt}); look at what it shows and decide again.`;
  return undefined;
}

/** What the clocks of a sender and of the Temporal server may differ. */
const CLOCK_SKEW_MS = 5 * 60_000;

/** One reject closes a gate; else it waits until every requirement has its distinct people. */
export function settle(
  spec: GateSpec,
  decisions: readonly Decision[],
  people: People,
): 'approved' | 'rejected' | 'open' {
  if (decisions.some((d) => d.decision === 'reject')) return 'rejected';
  return missing(spec.require, decisions, people).length === 0 ? 'approved' : 'open';
}

/**
 * What is still wanting. A person counts for one requirement only, so the people are matched to the places (augmenting
 * paths): sre-1 with the roles sre and dba never fills both. Whoever has lost the role since does not count.
 */
export function missing(
  require: readonly Requirement[],
  decisions: readonly Decision[],
  people: People,
): readonly Requirement[] {
  const places = require.flatMap((r) => Array.from({ length: r.count }, () => r.role));
  const approvers = [...new Set(decisions.filter((d) => d.decision === 'approve').map((d) => d.approver))];
  const seatOf = new Map<number, string>();
  const seat = (person: string, tried: Set<number>): boolean => {
    for (const [place, role] of places.entries()) {
      if (tried.has(place) || !rolesOf(people, person).includes(role)) continue;
      tried.add(place);
      const holder = seatOf.get(place);
      if (holder === undefined || seat(holder, tried)) {
        seatOf.set(place, person);
        return true;
      }
    }
    return false;
  };
  for (const person of approvers) seat(person, new Set());
  const left = new Map<string, number>();
  for (const [place, role] of places.entries()) if (!seatOf.has(place)) left.set(role, (left.get(role) ?? 0) + 1);
  return [...left].map(([role, count]) => ({ role, count }));
}

/** Whether the people file can fill the gate at all; the text says what is wanting. */
export function impossible(spec: GateSpec, people: People, requester: string): string | undefined {
  const all = Object.keys(people.roles)
    .filter((name) => !(spec.excludeRequester && name === requester))
    .map((approver) => ({ approver, decision: 'approve' }) as Decision);
  const wanting = missing(spec.require, all, people);
  return wanting.length === 0 ? undefined : `the people file has too few for ${requirementText(wanting)}`;
}

export function requirementText(require: readonly Requirement[]): string {
  return require.map((r) => `${r.count} × ${r.role}`).join(' and ');
}

/** Who could still decide: `lead (lead-1), sre (sre-1)`. */
export function awaited(spec: GateSpec, decisions: readonly Decision[], people: People): string {
  const decided = new Set(decisions.map((d) => d.approver));
  return missing(spec.require, decisions, people)
    .map(
      (r) =>
        `${r.count} × ${r.role} (${
          peopleWith(people, r.role)
            .filter((p) => !decided.has(p))
            .join(' or ') || 'nobody left'
        })`,
    )
    .join(' and ');
}
