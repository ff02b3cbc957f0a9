import type { Payload } from '@temporalio/common';
import type { DecisionMessage } from '../../../src/core/decision';
import { runCommand } from '../../../src/dev/command';
import { findTemporal } from '../../../src/dev/temporal-binary';
import { gateState, type RunState } from '../../../src/core/state';
import type { BenchRun } from '../../support/bench-run';
import { json, payload, sendRawSignal, sendRawUpdate } from '../../support/raw-messages';
import { testServers } from '../../support/servers';
import { WorkflowBench } from '../../support/workflow-bench';

jest.setTimeout(120_000);
let bench: WorkflowBench;
beforeAll(async () => {
  bench = await WorkflowBench.open();
});
afterAll(() => bench.close());

const hours = (n: number): string => new Date(Date.now() + n * 3_600_000).toISOString();
const KILOBYTES_70 = 'x'.repeat(70 * 1024);

interface BadDecision {
  readonly title: string;
  readonly reason: RegExp;
  /** Fields that differ from a decision that would count, or payloads in place of it. */
  readonly fields?: Readonly<Record<string, unknown>>;
  readonly payloads?: readonly Payload[];
}

/** Against a run whose gate before cutover is open; lead-1 would count there. */
const BAD_DECISIONS: readonly BadDecision[] = [
  { title: 'no payload', payloads: [], reason: /no payload; send one JSON object/ },
  { title: 'an empty payload', payloads: [payload('binary/null', '')], reason: /no payload/ },
  { title: 'null', payloads: [json(null)], reason: /one JSON object, found null/ },
  { title: 'a string in place of an object', payloads: [json('approve')], reason: /found "approve"/ },
  { title: 'a number in place of an object', payloads: [json(1)], reason: /found 1/ },
  {
    title: 'a list in place of an object',
    payloads: [json([{ gate: 'cutover' }])],
    reason: /one JSON object, found \[/,
  },
  { title: 'bytes in place of JSON', payloads: [payload('binary/plain', 'approve')], reason: /The field|JSON object/ },
  {
    title: 'an encoding that nobody knows',
    payloads: [payload('binary/zip', 'PK')],
    reason: /cannot be decoded: .*binary\/zip/,
  },
  { title: 'an encrypted payload', payloads: [payload('binary/encrypted', 'xx')], reason: /cannot be decoded/ },
  { title: 'no encoding at all', payloads: [payload(undefined, '{}')], reason: /cannot be decoded/ },
  { title: 'broken JSON', payloads: [payload('json/plain', '{"gate":')], reason: /cannot be decoded/ },
  { title: 'an empty object', payloads: [json({})], reason: /The field gate must be a text, found nothing/ },
  { title: 'a number as gate', fields: { gate: 7 }, reason: /The field gate must be a text, found 7/ },
  { title: 'null as nonce', fields: { nonce: null }, reason: /The field nonce must be a text, found null/ },
  {
    title: 'an object as approver',
    fields: { approver: { name: 'lead-1' } },
    reason: /The field approver must be a text/,
  },
  { title: 'a list as comment', fields: { comment: ['yes'] }, reason: /The field comment must be a text/ },
  { title: 'another word as decision', fields: { decision: 'maybe' }, reason: /"approve" or "reject", found "maybe"/ },
  { title: 'true as decision', fields: { decision: true }, reason: /"approve" or "reject", found true/ },
  {
    title: 'a field too many',
    fields: { force: true },
    reason: /The field "force" is not known; the fields are gate, nonce/,
  },
  {
    title: 'a policy digest of its own',
    fields: { policyDigest: 'sha256:0' },
    reason: /The field "policyDigest" is not known/,
  },
  {
    title: 'a comment of 2,001 characters',
    fields: { comment: 'x'.repeat(2_001) },
    reason: /2001 characters; 2000 are allowed/,
  },
  {
    title: 'more than 64 KB',
    fields: { comment: KILOBYTES_70 },
    reason: /cannot be decoded: "\d+ bytes; a message has at most 65536/,
  },
  { title: 'a gate that no plan can have', fields: { gate: 'lunch' }, reason: /There is no phase "lunch"/ },
  { title: 'a gate called constructor', fields: { gate: 'constructor' }, reason: /There is no phase "constructor"/ },
  {
    title: 'a gate that this plan does not have',
    fields: { gate: 'backfill' },
    reason: /no gate "backfill"; its gates are expand, cutover, contract/,
  },
  {
    title: 'a gate that is closed',
    fields: { gate: 'expand', approver: 'dba-1' },
    reason: /Gate expand is closed \(passed\)/,
  },
  { title: 'an early approve', fields: { gate: 'contract' }, reason: /Gate contract is not open yet/ },
  { title: 'a stranger', fields: { approver: 'eve' }, reason: /"eve" is not in the people file/ },
  {
    title: 'a person called __proto__',
    fields: { approver: '__proto__' },
    reason: /"__proto__" is not in the people file/,
  },
  {
    title: 'a person without a role of this gate',
    fields: { approver: 'dba-1' },
    reason: /has the roles dba; gate cutover asks for 1 × lead and 1 × sre/,
  },
  {
    title: 'another plan',
    fields: { planDigest: `sha256:${'0'.repeat(64)}` },
    reason: /is for plan sha256:0+; this run executes sha256:/,
  },
  {
    title: 'other evidence',
    fields: { evidenceDigest: `sha256:${'0'.repeat(64)}` },
    reason: /is for evidence sha256:0+; gate cutover shows sha256:/,
  },
  {
    title: 'another nonce',
    fields: { nonce: '11111111-2222-4333-8444-555555555555' },
    reason: /earlier opening of gate cutover/,
  },
  { title: 'made in an hour from now', fields: { at: hours(1) }, reason: /in the future of this run/ },
  { title: 'made before the gate opened', fields: { at: hours(-24) }, reason: /before gate cutover opened/ },
  { title: 'made on no date', fields: { at: 'yesterday' }, reason: /The field at must be a time like/ },
];

describe('a decision that does not count', () => {
  let run: BenchRun;
  beforeAll(async () => {
    run = await bench.start();
    await run.pass('expand', 'dba-1');
    await run.untilOpen('cutover');
  });
  afterAll(() => bench.afterEach());

  const payloadsOf = async ({ fields, payloads }: BadDecision): Promise<readonly Payload[]> =>
    payloads ?? [json({ ...(await run.decision('cutover', 'lead-1')), ...fields })];

  test.each(BAD_DECISIONS)('by Update is refused at once and leaves no event: $title', async (bad) => {
    const before = await run.eventCount();
    const answer = await sendRawUpdate(run, { name: 'decide', payloads: await payloadsOf(bad) });
    expect(answer).toEqual({ refused: expect.stringMatching(bad.reason) as string });
    expect(await run.eventCount()).toBe(before);
    expect((await run.state()).notCounted).toEqual([]);
  });

  test('by Update is refused by the server alone when it has more than 2 MB', async () => {
    const before = await run.eventCount();
    const big = { ...(await run.decision('cutover', 'lead-1')), comment: 'x'.repeat(2.5 * 1024 * 1024) };
    expect(await sendRawUpdate(run, { name: 'decide', payloads: [json(big)] })).toHaveProperty('refused');
    expect(await run.eventCount()).toBe(before);
  });

  test.each(BAD_DECISIONS)('by Signal is recorded with its reason and ignored: $title', async (bad) => {
    const { notCounted } = await run.state();
    await sendRawSignal(run, { name: 'decide', payloads: await payloadsOf(bad) });
    const state = await run.until((s) => s.notCounted.length > notCounted.length, 'The refused signal');
    expect(newest(state)).toMatchObject({ reason: expect.stringMatching(bad.reason) as string });
    expect(gateState(state, 'cutover')).toMatchObject({ status: 'open', decisions: [] });
  });

  test('by Signal is refused by the server alone when it has more than 2 MB', async () => {
    const before = await run.eventCount();
    const big = { ...(await run.decision('cutover', 'lead-1')), comment: 'x'.repeat(2.5 * 1024 * 1024) };
    await expect(sendRawSignal(run, { name: 'decide', payloads: [json(big)] })).rejects.toThrow(/size|larger/i);
    expect(await run.eventCount()).toBe(before);
  });

  test('is one of another run of the same plan', async () => {
    const twin = await bench.start({ plan: { ...run.input.plan, name: 'twin' } });
    await twin.pass('expand', 'dba-1');
    await twin.untilOpen('cutover');
    const message = { ...(await twin.decision('cutover', 'lead-1')), planDigest: run.input.planDigest };
    expect(await sendRawUpdate(run, { name: 'decide', payloads: [json(message)] })).toEqual({
      refused: expect.stringMatching(/earlier opening of gate cutover/) as string,
    });
  });

  test('and signals of names that nobody handles, a reserved one too, disturb nothing', async () => {
    const { notCounted } = await run.state();
    for (const name of ['__temporal_x', '__temporal_', 'approve', 'constructor', 'x'.repeat(900)]) {
      await sendRawSignal(run, { name, payloads: [json({ gate: 'cutover' })] });
    }
    expect(await sendRawUpdate(run, { name: '__temporal_x', payloads: [] })).toHaveProperty('refused');
    expect(await sendRawUpdate(run, { name: 'approve', payloads: [] })).toHaveProperty('refused');
    expect((await run.state()).notCounted).toEqual(notCounted);
  });

  test('500 at once are ignored, and the newest 100 are kept with their reasons', async () => {
    const message = await run.decision('cutover', 'eve');
    const signals = Array.from({ length: 500 }, (_, n) => ({ ...message, approver: `eve-${n}` }));
    await Promise.all(signals.map((m) => sendRawSignal(run, { name: 'decide', payloads: [json(m)] })));
    const state = await run.until(
      (s) => s.notCounted.filter((n) => n.approver.startsWith('eve-')).length === 100,
      '100 refusals',
    );
    expect(state.notCounted).toHaveLength(100);
    expect(JSON.stringify(state).length).toBeLessThan(100_000);
  }, 60_000);

  test('and after all of them no workflow task has failed, the run answers, and its people approve it', async () => {
    expect(await run.taskFailures()).toEqual([]);
    expect(await run.state()).toMatchObject({ status: 'awaiting-approval', phase: 'cutover' });
    await run.pass('cutover', 'lead-1', 'sre-1');
    await run.pass('contract', 'lead-1', 'lead-2');
    expect(await run.result()).toMatchObject({ status: 'done' });
  });
});

function newest(state: RunState): RunState['notCounted'][number] | undefined {
  return state.notCounted[state.notCounted.length - 1];
}

describe('a decision', () => {
  afterEach(() => bench.afterEach());

  test.each(['update', 'signal'] as const)(
    'counts once, by %s: the second of the same person is refused',
    async (via) => {
      const run = await atCutover();
      const message = await run.decision('cutover', 'lead-1');
      if (via === 'update') {
        expect(await sendRawUpdate(run, raw(message))).toMatchObject({ answered: { counted: true } });
        const before = await run.eventCount();
        expect(await sendRawUpdate(run, raw(message))).toEqual({
          refused: '"lead-1" has already decided to approve at gate cutover.',
        });
        expect(await run.eventCount()).toBe(before);
      } else {
        await sendRawSignal(run, raw(message));
        await sendRawSignal(run, raw(message));
        const state = await run.until((s) => s.notCounted.length === 1, 'The refused signal');
        expect(newest(state)).toMatchObject({
          approver: 'lead-1',
          reason: '"lead-1" has already decided to approve at gate cutover.',
        });
      }
      expect(gateState(await run.state(), 'cutover')?.decisions).toMatchObject([
        { approver: 'lead-1', decision: 'approve', via },
      ]);
    },
  );

  test('may be taken back: a person who approved and then rejects closes the gate', async () => {
    const run = await atCutover();
    const approval = await run.decision('cutover', 'lead-1');
    expect(await sendRawUpdate(run, raw(approval))).toMatchObject({ answered: { counted: true } });
    await run.decide('cutover', 'lead-1', { decision: 'reject', comment: 'the lag grows' });
    const state = await run.untilStatus('awaiting-operator');
    expect(state.hold?.reason).toBe('Gate cutover was rejected by lead-1: the lag grows.');
    expect(await sendRawUpdate(run, raw({ ...approval, approver: 'sre-1' }))).toEqual({
      refused: 'Gate cutover is closed (rejected).',
    });
  });

  test.each(['update', 'signal'] as const)(
    'that rejects counts early, by %s, and closes the gate the moment it opens',
    async (via) => {
      const run = await bench.start();
      await run.untilOpen('expand');
      const early = await run.decision('cutover', 'lead-1', { decision: 'reject', comment: 'not this week' });
      if (via === 'update') expect(await sendRawUpdate(run, raw(early))).toMatchObject({ answered: { counted: true } });
      else await sendRawSignal(run, raw(early));
      await run.until((s) => gateState(s, 'cutover')?.decisions.length === 1, 'The early reject');
      await run.pass('expand', 'dba-1');
      const state = await run.untilStatus('awaiting-operator');
      expect(state.hold?.reason).toBe('Gate cutover was rejected by lead-1: not this week.');
      expect(run.target.attempts).not.toContain('do cutover/freeze');
    },
  );

  test('that rejects early a hundred times counts once', async () => {
    const run = await bench.start();
    await run.untilOpen('expand');
    const early = await run.decision('cutover', 'lead-1', { decision: 'reject' });
    for (let n = 0; n < 100; n += 1) await sendRawSignal(run, raw(early));
    const state = await run.until((s) => s.notCounted.length === 99, '99 refusals');
    expect(gateState(state, 'cutover')?.decisions).toHaveLength(1);
    expect(state.notes.filter((n) => n.event === 'decision')).toHaveLength(1);
  });

  test('counts when it is sent by the Temporal CLI, as the Temporal UI sends it', async () => {
    const run = await atCutover();
    await temporal(run, [
      'workflow',
      'signal',
      '--name',
      'decide',
      '--input',
      JSON.stringify(await run.decision('cutover', 'lead-1')),
    ]);
    await run.until((s) => gateState(s, 'cutover')?.decisions.length === 1, 'The decision of the signal');
    await temporal(run, [
      'workflow',
      'update',
      'execute',
      '--name',
      'decide',
      '--input',
      JSON.stringify(await run.decision('cutover', 'sre-1')),
    ]);
    const gate = gateState(await run.untilOpen('contract').then(() => run.state()), 'cutover');
    expect(gate?.decisions).toMatchObject([
      { approver: 'lead-1', via: 'signal' },
      { approver: 'sre-1', via: 'update' },
    ]);
  });

  test('counts when its `at` is the time of a clock that runs two minutes ahead', async () => {
    const run = await atCutover();
    expect(await sendRawUpdate(run, raw(await run.decision('cutover', 'lead-1', { at: hours(1 / 30) })))).toMatchObject(
      { answered: { counted: true } },
    );
  });
});

interface BadWord {
  readonly title: string;
  readonly payloads: readonly Payload[];
  readonly reason: RegExp;
}

const BAD_WORDS: readonly BadWord[] = [
  { title: 'no payload', payloads: [], reason: /no payload/ },
  { title: 'an unknown encoding', payloads: [payload('binary/zip', 'PK')], reason: /cannot be decoded/ },
  { title: 'a string', payloads: [json('abort')], reason: /found "abort"/ },
  {
    title: 'a word that is none',
    payloads: [json({ verb: 'explode', as: 'lead-1' })],
    reason: /The field verb must be one of pause, .*found "explode"/,
  },
  { title: 'nobody', payloads: [json({ verb: 'abort' })], reason: /The field as must be a text, found nothing/ },
  { title: 'a stranger', payloads: [json({ verb: 'abort', as: 'eve' })], reason: /"eve" is not in the people file/ },
  {
    title: 'a field too many',
    payloads: [json({ verb: 'abort', as: 'lead-1', force: true })],
    reason: /"force" is not known/,
  },
  {
    title: 'resume of a run that is not paused',
    payloads: [json({ verb: 'resume', as: 'lead-1' })],
    reason: /not paused/,
  },
  { title: 'retry with nothing parked', payloads: [json({ verb: 'retry', as: 'lead-1' })], reason: /nothing to retry/ },
  {
    title: 'more than 64 KB',
    payloads: [json({ verb: 'abort', as: 'lead-1', comment: KILOBYTES_70 })],
    reason: /a message has at most 65536/,
  },
];

describe("an operator's word that does not count", () => {
  let run: BenchRun;
  beforeAll(async () => {
    run = await bench.start();
    await run.untilOpen('expand');
  });
  afterAll(() => bench.afterEach());

  test.each(BAD_WORDS)('by Update is refused at once and leaves no event: $title', async ({ payloads, reason }) => {
    const before = await run.eventCount();
    expect(await sendRawUpdate(run, { name: 'operate', payloads })).toEqual({
      refused: expect.stringMatching(reason) as string,
    });
    expect(await run.eventCount()).toBe(before);
  });

  test.each(BAD_WORDS)('by Signal is recorded with its reason and ignored: $title', async ({ payloads, reason }) => {
    const { notCounted } = await run.state();
    await sendRawSignal(run, { name: 'operate', payloads });
    const state = await run.until((s) => s.notCounted.length > notCounted.length, 'The refused signal');
    expect(newest(state)?.reason).toMatch(reason);
    expect(state.status).toBe('awaiting-approval');
  });
});

async function atCutover(): Promise<BenchRun> {
  const run = await bench.start();
  await run.pass('expand', 'dba-1');
  await run.untilOpen('cutover');
  return run;
}

function raw(message: DecisionMessage): { readonly name: string; readonly payloads: readonly Payload[] } {
  return { name: 'decide', payloads: [json(message)] };
}

async function temporal(run: BenchRun, args: readonly string[]): Promise<void> {
  const binary = await findTemporal();
  if (!binary) throw new Error('There is no Temporal CLI; the global setup should have built one.');
  const at = ['--workflow-id', run.workflowId, '--address', testServers().temporal, '--namespace', 'default'];
  const { PATH = '', HOME = '' } = process.env;
  const said = await runCommand({
    command: binary.path,
    args: [...args, ...at],
    env: { PATH, HOME, TEMPORAL_VERSION_CHECK_DISABLED: '1' },
  });
  if (said.code !== 0) throw new Error(`temporal ${args[1] ?? ''} ended with ${said.code}: ${said.stderr}`);
}
