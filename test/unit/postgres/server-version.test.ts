import { versionFindings } from '../../../activities/postgres/preflight/server';

const refused: readonly (readonly [version: string, why: RegExp])[] = [
  ['11.22', /11\.22 is too old: it has no gen_random_uuid\(\).*upgrade to 14 or newer$/],
  [
    '12.22',
    /12\.22 is too old: it has no gen_random_uuid\(\) of its own \(core only from 13\).*hash_record_extended.*ctid.*upgrade to 14 or newer$/,
  ],
  [
    '13.23',
    /13\.23 is too old: it cannot hash whole rows \(hash_record_extended\) or scan by ranges of ctid.*upgrade to 14 or newer$/,
  ],
  ['19.0', /19\.0 is newer than cutover was tried with \(18\); use a newer cutover$/],
  ['19beta1', /19beta1 is newer than cutover was tried with \(18\)/],
];

test.each(refused)('PostgreSQL %s is refused by name, with the reason', (version, why) => {
  const [check] = versionFindings({ major: majorOf(version), version }).checks;
  expect(check).toMatchObject({ name: 'server version', verdict: 'fail', expected: 'PostgreSQL 14 to 18' });
  expect(check?.observed).toMatch(why);
});

test.each(['14.20', '15.18', '16.14', '17.10', '18.4'])('PostgreSQL %s is accepted', (version) => {
  const { checks, figures } = versionFindings({ major: majorOf(version), version });
  expect(checks).toEqual([
    { name: 'server version', verdict: 'pass', expected: 'PostgreSQL 14 to 18', observed: `PostgreSQL ${version}` },
  ]);
  expect(figures).toEqual({ server: version });
});

test('PostgreSQL 13 is not blamed for what it has', () => {
  const [check] = versionFindings({ major: 13, version: '13.23' }).checks;
  expect(check?.observed).not.toContain('gen_random_uuid');
});

function majorOf(version: string): number {
  return Number.parseInt(version, 10);
}
