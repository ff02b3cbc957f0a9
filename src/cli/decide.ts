import type { DecisionMessage } from '../core/decision';
import { gateDigest } from '../core/gate-evidence';
import { POINT_OF_NO_RETURN } from '../core/phase';
import { gateState, type GateState, type RunState } from '../core/state';
import { sendDecision } from '../runtime/client';
import { CliError } from './cli-error';
import { EXIT } from './exit-codes';
import { liveRun, type LiveRun } from './live-run';
import { isUnasked, type UnaskedOptions } from './options';
import { renderGate } from './render-gate';
import { reportSent } from './sent';
import { personOf, type Io } from './shell';

export interface Decide extends UnaskedOptions {
  readonly decision: 'approve' | 'reject';
  readonly gate: string | undefined;
  readonly plan?: string;
  readonly as?: string;
  readonly evidence?: string;
  readonly comment?: string;
}

/**
 * Shows what the decision is bound to, checks that the digest is that of what is shown, has the plan's name typed, and
 * sends. A reject needs no question: it is the safe direction.
 */
export async function decide(io: Io, asked: Decide): Promise<number> {
  if (isUnasked(asked) && asked.evidence === undefined) {
    throw new CliError(
      EXIT.usage,
      '--yes and --force skip the question, not the gate: each needs --evidence <digest>. Without a person who looks the approval must name what it is for.',
    );
  }
  const approver = personOf(io.host, asked.as);
  return io.withTemporal(async (temporal) => {
    const run = await liveRun(io, temporal, asked.plan);
    const gate = chooseGate(run.state, asked);
    if (asked.decision === 'approve') await showAndConfirm(io, run, gate, asked);
    const message = messageOf(run.state, gate, { ...asked, approver });
    const sent = await sendDecision({ temporal, workflowId: run.workflowId, message });
    return reportSent(io, sent, {
      workflowId: run.workflowId,
      gate: gate.phase,
      decision: asked.decision,
      as: approver,
    });
  });
}

function chooseGate(state: RunState, { gate: name, decision }: Decide): GateState {
  const gates = state.gates.map((g) => g.phase).join(', ') || 'none';
  const gate = name === undefined ? state.gates.find((g) => g.status === 'open') : gateState(state, name);
  if (!gate && name === undefined)
    throw new CliError(EXIT.refused, `No gate is open (the run is ${state.status}); its gates are ${gates}.`);
  if (!gate) throw new CliError(EXIT.usage, `The plan has no gate before "${name}"; its gates are ${gates}.`);
  const may = gate.status === 'open' || (decision === 'reject' && gate.status === 'pending');
  if (may) return gate;
  const why = gate.status === 'pending' ? 'is not open yet' : `is ${gate.status} already`;
  throw new CliError(EXIT.refused, `Gate ${gate.phase} ${why}; nothing was sent.`);
}

async function showAndConfirm(io: Io, { plan, state }: LiveRun, gate: GateState, asked: Decide): Promise<void> {
  const { evidence } = gate;
  // --yes is a script that names the evidence: there is nobody to show it to.
  if (!isUnasked(asked)) for (const line of renderGate(io.out, plan, state, gate)) io.out.line(line);
  if (!evidence || gateDigest(evidence.material) !== evidence.digest) {
    throw new CliError(
      EXIT.refused,
      'The digest of the gate is not that of the evidence it shows; do not approve, find out why.',
    );
  }
  if (asked.evidence !== undefined && asked.evidence !== evidence.digest) {
    throw new CliError(
      EXIT.refused,
      `The gate shows evidence ${evidence.digest}, not ${asked.evidence}: it was asked again since. Look and decide anew; nothing was sent.`,
    );
  }
  if (isUnasked(asked)) return;
  // Past the point of no return in production: the name to type is that of what can only be restored afterwards.
  const irrevocable = gate.phase === POINT_OF_NO_RETURN && plan.environment === 'production';
  await io.confirm({
    text: irrevocable
      ? `Type the target's name to approve (${plan.home}):`
      : `Type the plan's name to approve (${plan.name}):`,
    word: irrevocable ? plan.home : plan.name,
    instead: `--evidence ${evidence.digest} --yes`,
  });
}

function messageOf(state: RunState, gate: GateState, asked: Decide & { readonly approver: string }): DecisionMessage {
  return {
    gate: gate.phase,
    // An early reject cannot know what the gate will ask; it holds whatever that is.
    nonce: gate.nonce ?? 'early',
    planDigest: state.run.planDigest,
    evidenceDigest: gate.evidence?.digest ?? 'early',
    decision: asked.decision,
    approver: asked.approver,
    at: new Date().toISOString(),
    ...(asked.comment === undefined ? {} : { comment: asked.comment }),
  };
}
