import { missing, requirementText } from './gate';
import type { LedgerRow } from './ledger-row';
import type { People } from './people';
import { PHASES, phaseIndex, type Phase } from './phase';
import type { CompiledPlan, GateSpec } from './plan';
import type { Decision } from './decision';

export interface ReleaseInput {
  readonly home: string;
  /** A run's id, or a plan's name for its newest run. */
  readonly run: string;
  /** Whoever takes the responsibility: together they are the quorum of the next gate. */
  readonly by: readonly string[];
  readonly comment: string;
}

export interface ReleaseAnswer {
  readonly run: string;
  readonly message: string;
}

/** Why these people may not release a dead run's claim; undefined when they may. */
export function refusesRelease(rows: readonly LedgerRow[], people: People, input: ReleaseInput): string | undefined {
  if (!input.comment.trim()) return 'A release needs a reason; say it with --comment.';
  const plan = rows.find((r) => r.event === 'plan')?.body as unknown as CompiledPlan | undefined;
  const require = plan ? nextGate(plan, rows)?.require : undefined;
  const votes = input.by.map((approver) => ({ approver, decision: 'approve' }) as Decision);
  const left = missing(require ?? [], votes, people);
  const known = input.by.some((name) => Object.hasOwn(people.roles, name));
  if (!known) return `Nobody of ${input.by.join(', ') || 'those named'} is in the people file of the worker.`;
  return left.length === 0
    ? undefined
    : `A release wants the quorum of the next gate: ${requirementText(left)} wanting.`;
}

/** The first gate behind the last phase in which anything was begun. */
function nextGate(plan: CompiledPlan, rows: readonly LedgerRow[]): GateSpec | undefined {
  const begun = new Set(rows.filter((r) => r.event === 'start').map((r) => r.step));
  const last = plan.steps
    .filter((s) => begun.has(s.id))
    .reduce<Phase>((p, s) => (phaseIndex(s.phase) > phaseIndex(p) ? s.phase : p), 'preflight');
  const next = PHASES.slice(phaseIndex(last) + 1).find((p) => plan.gates[p]) ?? PHASES.find((p) => plan.gates[p]);
  return next ? plan.gates[next] : undefined;
}
