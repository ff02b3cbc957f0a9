import { digestOf } from '../../../src/core/json';
import { markdownOf } from '../../../src/report/markdown';
import { timelineOf } from '../../../src/report/timeline';
import { ledger, PLAN } from './ledger';

const FREEZE = { heldMs: 7.4, lockWaitMs: 1.2, budgetMs: 2000, tries: 2, sweptRows: 31, sweptMembers: 3 };

function whole() {
  return ledger()
    .verb('preflight/look', 'do')
    .verb('backup/dump', 'do', { bytes: 1000, sha256: 'abc' })
    .verb('expand/key-users', 'do')
    .gate('cutover', 'n1', { plan: 'sha256:p', backup: 'b1' })
    .note('gate-closed', { gate: 'cutover', outcome: 'reopened', why: 'backup was b1 and is b2' })
    .gate('cutover', 'n2', { plan: 'sha256:p', backup: 'b2' })
    .decision('cutover', 'n2', 'lead-1')
    .note('gate-closed', { gate: 'cutover', outcome: 'passed' })
    .failed('cutover/freeze', 'pid 7 holds a lock')
    .verb('cutover/freeze', 'do', FREEZE)
    .verb('observe/watch', 'do')
    .verb('contract/retire', 'do');
}

describe('the timeline', () => {
  it('tells phases, freeze, backup and outcome of a whole run, and that every hash holds', () => {
    const { rows } = whole();
    const timeline = timelineOf('phase-1.ab', rows);
    expect(timeline).toMatchObject({
      plan: 'phase-1',
      planDigest: digestOf(PLAN),
      outcome: 'done',
      unsigned: true,
      chain: { rows: rows.length, intact: true },
      freezes: [{ step: 'cutover/freeze', verb: 'do', ...FREEZE, verdict: 'pass' }],
      backups: [{ step: 'backup/dump', evidence: { figures: { sha256: 'abc' } } }],
    });
    expect(timeline.phases.map((p) => [p.phase, p.ms])).toEqual([
      ['preflight', 120],
      ['backup', 120],
      ['expand', 120],
      ['cutover', 120],
      ['observe', 120],
      ['contract', 120],
    ]);
    expect(timeline.phases[3]?.steps[0]?.failures).toEqual([
      expect.objectContaining({ type: 'Blocked', message: 'pid 7 holds a lock' }),
    ]);
  });

  it('tells who decided what, on which evidence, for each opening of a gate', () => {
    const { gates } = timelineOf('r', whole().rows);
    expect(gates).toMatchObject([
      {
        gate: 'cutover',
        nonce: 'n1',
        outcome: 'reopened',
        why: 'backup was b1 and is b2',
        decisions: [],
        evidenceHolds: true,
      },
      {
        gate: 'cutover',
        nonce: 'n2',
        outcome: 'passed',
        decisions: [{ by: 'lead-1', decision: 'approve', via: 'update' }],
        evidenceHolds: true,
      },
    ]);
  });

  it('gives an early reject to the opening that it closed', () => {
    const { gates } = timelineOf(
      'r',
      ledger().decision('cutover', 'early', 'lead-1', 'reject').gate('cutover', 'n1', { a: 'b' }).rows,
    );
    expect(gates).toMatchObject([{ outcome: 'rejected', decisions: [{ by: 'lead-1', decision: 'reject' }] }]);
  });

  it('says when the digest of a gate is not that of its material', () => {
    const built = ledger().note('gate-opened', {
      gate: 'cutover',
      nonce: 'n',
      evidenceDigest: 'sha256:other',
      material: { a: 'b' },
      shown: {},
    });
    expect(timelineOf('r', built.rows).gates[0]?.evidenceHolds).toBe(false);
  });

  it('tells a rollback with its reason, its steps and the rows in the archive', () => {
    const built = ledger()
      .verb('preflight/look', 'do')
      .verb('expand/key-users', 'do')
      .note('operator', { word: 'rollback-begun', reason: 'lead-1 asked for it' })
      .verb('expand/key-users', 'undo', { archivedRows: 42 })
      .verb('preflight/look', 'undo');
    expect(timelineOf('r', built.rows)).toMatchObject({
      outcome: 'rolled-back',
      rollback: {
        reason: 'lead-1 asked for it',
        archivedRows: 42,
        steps: [{ step: 'expand/key-users' }, { step: 'preflight/look' }],
      },
      operators: [{ word: 'rollback-begun', comment: 'lead-1 asked for it' }],
    });
  });

  it('tells skips, ticks, reminders and who said them', () => {
    const built = whole()
      .note('reminder', { gate: 'cutover', text: 'Gate before cutover still waits for 1 × lead.' })
      .note('decision', { word: 'skip backup/dump #1', by: 'sre-1', comment: 'known', via: 'update' })
      .note('operator', { word: 'skip', step: 'backup/dump', by: 'lead-1 and sre-1', reason: 'known, ticket 7' })
      .note('operator', { word: 'tick', step: 'preflight/manual-1', by: 'lead-1', proof: 'mail 4711' });
    const timeline = timelineOf('r', built.rows);
    expect(timeline.operators).toEqual([
      expect.objectContaining({ word: 'reminder', by: 'the run', comment: expect.stringContaining('still waits') }),
      expect.objectContaining({ word: 'skip backup/dump #1', by: 'sre-1', comment: 'known' }),
      expect.objectContaining({ word: 'skip', step: 'backup/dump', comment: 'known, ticket 7' }),
      expect.objectContaining({ word: 'tick', step: 'preflight/manual-1', by: 'lead-1', comment: 'mail 4711' }),
    ]);
    expect(markdownOf(timeline)).toContain('| lead-1 | tick | preflight/manual-1 | mail 4711 |');
  });

  it.each([
    ['aborted', 'lead-1 aborted it: postponed'],
    ['refused', 'Target "app" belongs to run other.12'],
  ])('tells a run that was %s, and why', (outcome, reason) => {
    const timeline = timelineOf('r', ledger().verb('preflight/look', 'do').note('finished', { outcome, reason }).rows);
    expect(timeline).toMatchObject({ outcome, endReason: reason, operators: [{ word: outcome, comment: reason }] });
    expect(markdownOf(timeline)).toContain('ended because');
  });

  it('takes an adopted run for one that goes on, and a released one for one that does not', () => {
    const aborted = () =>
      ledger().verb('preflight/look', 'do').note('finished', { outcome: 'aborted', reason: 'host died' });
    const adopted = aborted().note('operator', { word: 'adopt', by: 'lead-1' });
    expect(timelineOf('r', adopted.rows)).toMatchObject({
      outcome: 'unfinished',
      operators: [{ word: 'aborted' }, { word: 'adopt', by: 'lead-1' }],
    });
    const released = aborted().note('operator', { word: 'release', by: 'lead-1 and sre-1', comment: 'we begin anew' });
    expect(timelineOf('r', released.rows)).toMatchObject({
      outcome: 'released',
      endReason: 'lead-1 and sre-1 released the target: we begin anew',
    });
  });

  it('keeps rounds apart', () => {
    const built = ledger().verb('expand/key-users', 'do').verb('expand/key-users', 'do', {}, 2);
    expect(timelineOf('r', built.rows).phases[0]?.steps.map((s) => s.round)).toEqual([1, 2]);
  });

  it.each([
    [
      'a changed body',
      (rows: ReturnType<typeof ledger>['rows']) =>
        rows.map((r) =>
          r.seq === 3 ? { ...r, body: { evidence: { verdict: 'pass', summary: 'x', checks: [] } } } : r,
        ),
      3,
    ],
    ['a row taken out', (rows: ReturnType<typeof ledger>['rows']) => rows.filter((r) => r.seq !== 4), 5],
    [
      'a changed name',
      (rows: ReturnType<typeof ledger>['rows']) => rows.map((r) => (r.seq === 5 ? { ...r, step: 'backup/other' } : r)),
      5,
    ],
  ])('finds %s in the chain', (_name, change, at) => {
    expect(timelineOf('r', change(whole().rows)).chain).toMatchObject({ intact: false, brokenAt: at });
  });

  it('refuses rows that do not begin with the plan', () => {
    expect(() => timelineOf('r', whole().rows.slice(1))).toThrow(/does not begin with its plan/);
    expect(() => timelineOf('r', [])).toThrow(/does not begin/);
  });
});

describe('the report in markdown', () => {
  it('has the banner, the freeze, the decisions and the verified chain', () => {
    const text = markdownOf(timelineOf('phase-1.ab', whole().rows));
    expect(text).toContain('**UNSIGNED**');
    expect(text).toContain('every hash and link verified');
    expect(text).toContain('**held 7.4 ms** of 2000 ms');
    expect(text).toContain('| lead-1 | lead | approve |');
    expect(text).toContain('### Gate before cutover: passed');
  });

  it('lets no text of plan or people break out of its table', () => {
    const text = markdownOf(timelineOf('r', whole().rows));
    expect(text).toContain('seen \\| all');
    const rows = text.split('\n').filter((line) => line.startsWith('| lead-1'));
    expect(rows[0]?.split(/(?<!\\)\|/).length).toBe(9);
  });

  it('says aloud that a ledger is broken', () => {
    const rows = whole().rows.filter((r) => r.seq !== 4);
    expect(markdownOf(timelineOf('r', rows))).toContain('**THE LEDGER IS BROKEN** at row 5');
  });
});
