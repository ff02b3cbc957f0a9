import { Output } from '../../../src/cli/output';
import { renderLost } from '../../../src/cli/render-lost';
import type { LostCollection, RestoreAnswer } from '../../../src/core/restore';
import { cli, sink } from './host';

const out = new Output({ stdout: sink().stream, stderr: sink().stream, env: { NO_COLOR: '1' }, json: false });
const LOST = `sha256:${'a'.repeat(64)}` as const;

const collection = (over: Partial<LostCollection>): LostCollection => ({
  ...{ collection: 'people', is: 'changed', inserted: 0, changed: 0, stamped: 0, deleted: 0, ids: [], digest: 'sum:1' },
  ...over,
});

function answer(over: Partial<RestoreAnswer['list']> = {}, more: Partial<RestoreAnswer> = {}): RestoreAnswer {
  const list: RestoreAnswer['list'] = {
    ...{ version: 1, run: 'tenant-default.0a1b2c3d', home: 'app', backup: 'backup-dump-1', manifest: LOST, total: 3 },
    ...{ takenAt: '2026-11-21T12:00:00.000Z', shape: [], laterRuns: [], collections: [] },
    ...over,
  };
  return { run: list.run, lost: LOST, list, file: '/store/backup-dump-1.lost-aaaaaaaaaaaa.json', ...more };
}

describe('the list of what a restore would lose', () => {
  it('names collections with their numbers and first ids, what is dropped, and the command that approves it', () => {
    const collections = [
      collection({ inserted: 2, changed: 1, stamped: 5_000, ids: ['"late-1"', '"p7"'] }),
      collection({ collection: 'tenants', is: 'created', inserted: 1, ids: ['"t1"'] }),
      collection({ collection: 'settings', is: 'dropped', deleted: 2 }),
    ];
    const text = renderLost(out, answer({ collections, shape: ['people has other options'] })).join('\n');
    expect(text).toMatch(/people +2 +1 +0 +5000 +first: "late-1", "p7"/);
    expect(text).toMatch(/tenants +1 +0 +0 +0 +not in the backup: dropped; first: "t1"/);
    expect(text).toMatch(/settings +0 +0 +2 +0 +was dropped since: comes back/);
    expect(text).toContain('people has other options');
    expect(text).toContain(`cutover restore tenant-default --home app --lost ${LOST} --by <name>`);
    expect(text).toContain('Nothing was done.');
  });

  it('says whose work since the backup goes with it, and what stands in the middle', () => {
    const text = renderLost(out, answer({ laterRuns: ['other.11111111'] }, { underWay: 'Go on with it.' })).join('\n');
    expect(text).toContain('the work of other.11111111');
    expect(text).toContain('Go on with it.');
  });

  it('is not shown again when the restore was done', () => {
    const lines = renderLost(out, answer({}, { restored: { message: 'As it was.', archive: '/store/x' } }));
    expect(lines).toEqual(['ok  As it was.', 'What was taken back (3 documents) lies on the worker in /store/x']);
  });
});

it.each([
  [['restore', '--home', 'app'], "missing required argument 'run|plan'"],
  [['restore', 'tenant-default'], "required option '--home <target>' not specified"],
  [['restore', 'tenant-default', '--home', 'app', '--lost', 'sha256:abc'], '64 hex digits'],
  [['restore', 'tenant-default', '--home', 'app', '--by', 'lead-1'], 'Also give --lost <digest>'],
  [['restore', 'tenant-default', '--home', 'app', '--lost', LOST, '--comment', 'x'], 'Name who approves the list'],
  [['restore', 'tenant-default', '--home', 'app', '--lost', LOST, '--by', 'lead-1'], 'Say why with --comment'],
  [['restore', 'x', '--home', 'app', '--lost', LOST, '--by', 'lead-1', '--by', 'lead-1'], 'lead-1 is given twice'],
])('%j is a mistake that it explains, exit code 2', async (argv, words) => {
  const said = await cli(argv);
  expect(said).toMatchObject({ code: 2, stdout: '' });
  expect(said.stderr).toContain(words);
});
