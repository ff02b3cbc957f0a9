import type { Verb } from '../../src/core/step';
import { proveBack, proveForward, schemaOf } from '../support/run-proofs';
import { Scenario } from '../support/scenario';
import type { Rule } from '../support/tcp-proxy';

jest.setTimeout(300_000);

test('the reply to each COMMIT of every kind of step is lost once: the outcome is found by looking, and nothing is done twice', async () => {
  await using run = await Scenario.open({ name: 'lost-commit' });
  const lost = loseReplies(run, 'do');
  await run.startWorker();
  await run.start();
  await run.ended('done', 240_000);
  expect(lost.kinds()).toEqual(kindsOf(run));
  await proveForward(run);
});

test('the reply to each COMMIT of every kind of undo is lost once: the outcome is found by looking, and nothing is done twice', async () => {
  await using run = await Scenario.open({ name: 'lost-commit-back' });
  const before = await schemaOf(run);
  const lost = loseReplies(run, 'undo');
  await run.startWorker();
  await run.start(['expand', 'cutover']);
  await run.gate('contract');
  await run.rollback();
  await run.ended('rolled-back', 240_000);
  expect(lost.kinds()).toEqual(kindsOf(run).filter((kind) => kind !== 'retire' && kind !== 'release'));
  await proveBack(run, before);
});

/** Every place where a kind of step commits, once: the server has committed, and the answer is never heard. */
function loseReplies(run: Scenario, verb: Verb): { readonly kinds: () => readonly string[] } {
  const lost = new Set<string>();
  const kinds = new Set<string>();
  const kindOf = new Map(run.plan.steps.map((s) => [s.id, s.kind]));
  const rule: Rule = ({ sql }, talk) => {
    const kind = kindOf.get(talk.step as (typeof run.plan.steps)[number]['id']);
    if (sql !== 'COMMIT' || talk.verb !== verb || kind === undefined) return 'pass';
    const last = talk.rows.includes('end');
    // A freeze has three attempts and no more: only the COMMIT that carries it is lost.
    if (kind === 'freeze' && !last) return 'pass';
    const place = `${kind} ${last ? 'last' : talk.commits}`;
    if (lost.has(place)) return 'pass';
    lost.add(place);
    if (last) kinds.add(kind);
    return 'drop-reply';
  };
  run.proxy.setRule(rule);
  return { kinds: () => [...kinds].sort() };
}

function kindsOf({ plan }: Scenario): readonly string[] {
  return [...new Set(plan.steps.map((s) => s.kind))].sort();
}
