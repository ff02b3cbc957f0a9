import { peopleWith } from '../core/people';
import type { RunState } from '../core/state';
import type { StepOf } from '../core/step';
import { tickCommand } from '../core/waits';
import { sendOperate } from '../runtime/client';
import type { GateDesk } from './demo-gates';
import { askLine } from './terminal';

/** Shows what is to be done by hand, and has it ticked: by the demo's people (--yes), by whoever sits here, or by nobody here. */
export async function tickStep(desk: GateDesk, state: RunState, step: StepOf<'manual'>): Promise<void> {
  const { temporal, workflowId, print, yes } = desk;
  const { what, role } = step.args;
  const person = peopleWith(state.people, role)[0];
  print(`\n── by hand: ${what} (${role}) ${'─'.repeat(40)}`);
  print(`   from another terminal: TEMPORAL_ADDRESS=${desk.address} npm run --silent cutover -- \\`);
  print(`     ${tickCommand(state, step).replace(/^cutover /, '')}`);
  if (!person) return;
  const asked = yes
    ? 'demo: nothing had to be done'
    : await askLine(`   what proves it, as ${person}? (empty: not from here) `);
  if (!asked) return;
  const message = { verb: 'tick' as const, as: person, step: step.id, comment: asked };
  const sent = await sendOperate({ temporal, workflowId, message });
  print(
    sent.outcome === 'answered'
      ? `   ✔  ${sent.answer.message}`
      : `   ✗  ${person}: ${sent.outcome === 'refused' ? sent.reason : sent.outcome}`,
  );
}
