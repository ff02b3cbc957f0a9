import { missing } from '../core/gate';
import { gateDigest } from '../core/gate-evidence';
import { shortDigest } from '../core/json';
import { peopleWith } from '../core/people';
import type { CompiledPlan } from '../core/plan';
import type { GateState, RunState } from '../core/state';
import { sendDecision } from '../runtime/client';
import type { TemporalClient } from '../runtime/temporal';
import { askLine } from './terminal';

export interface GateDesk {
  readonly temporal: TemporalClient;
  readonly workflowId: string;
  /** host:port, for the command that another terminal would use. */
  readonly address: string;
  readonly yes: boolean;
  readonly print: (line: string) => void;
}

/** Shows the question, and has it decided: by the demo's people (--yes), by whoever sits at the terminal, or by nobody here. */
export async function decideGate(desk: GateDesk, plan: CompiledPlan, state: RunState, gate: GateState): Promise<void> {
  showGate(desk, plan, state, gate);
  const spec = plan.gates[gate.phase];
  if (!spec) return;
  for (const { role } of missing(spec.require, gate.decisions, state.people)) {
    const decided = new Set(gate.decisions.map((d) => d.approver));
    const person = peopleWith(state.people, role).find((name) => !decided.has(name));
    if (person && (desk.yes || (await ask(`   approve as ${person} (${role})? [y/N] `))))
      await approve(desk, state, gate, person);
  }
}

function showGate(desk: GateDesk, plan: CompiledPlan, state: RunState, gate: GateState): void {
  const { print } = desk;
  print(`\n── gate before ${gate.phase} ${'─'.repeat(60)}`);
  if (gate.reopened) print(`   asked again, because ${gate.reopened}`);
  for (const [name, value] of Object.entries(gate.evidence?.shown ?? {})) showValue(print, name, value);
  for (const [name, value] of Object.entries(gate.evidence?.material ?? {}))
    print(`   ${name.padEnd(22)} ${short(value)}`);
  print(`   ${'evidence'.padEnd(22)} ${gate.evidence?.digest ?? ''}`);
  const spec = plan.gates[gate.phase];
  for (const { role, count } of spec?.require ?? [])
    print(`   ${'awaits'.padEnd(22)} ${count} × ${role} (${peopleWith(state.people, role).join(' or ')})`);
  print(`   from another terminal: TEMPORAL_ADDRESS=${desk.address} npm run --silent cutover -- \\`);
  print(`     approve ${gate.phase} --plan ${plan.name} --as NAME --evidence ${gate.evidence?.digest ?? ''} --yes`);
}

async function approve(desk: GateDesk, state: RunState, gate: GateState, approver: string): Promise<void> {
  const { evidence, nonce = '', phase } = gate;
  if (!evidence || gateDigest(evidence.material) !== evidence.digest)
    throw new Error(`The evidence shown at gate ${phase} does not have the digest it claims; nothing was approved.`);
  const message = {
    gate: phase,
    nonce,
    planDigest: state.run.planDigest,
    evidenceDigest: evidence.digest,
    decision: 'approve' as const,
    approver,
    comment: 'demo',
  };
  const sent = await sendDecision({ temporal: desk.temporal, workflowId: desk.workflowId, message });
  desk.print(
    sent.outcome === 'answered'
      ? `   ✔  ${sent.answer.message}`
      : `   ✗  ${approver}: ${sent.outcome === 'refused' ? sent.reason : sent.outcome}`,
  );
}

async function ask(question: string): Promise<boolean> {
  return /^y(es)?$/i.test((await askLine(question)) ?? '');
}

/** A list gets a line per entry: nobody reads to the end of a long one. */
function showValue(print: GateDesk['print'], name: string, value: string): void {
  const parts = value.length > 90 ? value.split('; ') : [value];
  parts.forEach((part, i) => print(`   ${(i === 0 ? name : '').padEnd(22)} ${part}`));
}

function short(value: string): string {
  return value.startsWith('sha256:') ? shortDigest(value) : value;
}
