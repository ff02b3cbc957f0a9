import { stepState } from '../../../src/core/state';
import { proveBack } from '../run-proofs';
import { asks, rewritten, tries, usersWithoutMembership, withoutKey } from './facts';
import { rollBackLiterally } from './literal-side';
import type { Trap } from './trap';

const FORGETS = `INSERT INTO products (ean, name) VALUES ('1', 'forgets')
                 RETURNING client_id = (SELECT id FROM organizations WHERE slug = 'default-org') AS of_default`;
const TAKES_AWAY = 'UPDATE products SET client_id = NULL WHERE id = 1';
const SECOND = '11111111-1111-4111-8111-111111111111';
const FOUNDS = [
  `INSERT INTO organizations (id, name, slug) VALUES ('${SECOND}', 'Second', 'second-of-trap')`,
  `INSERT INTO user_organizations (user_id, organization_id)
   SELECT m.user_id, '${SECOND}' FROM user_organizations m JOIN uploads u ON u.user_id = m.user_id ORDER BY u.id LIMIT 1`,
  `SELECT get_user_organization_id(user_id) = '${SECOND}' AS is_second FROM user_organizations WHERE organization_id = '${SECOND}'`,
];

/** What the runbook does to rows, to the application, and to those who decide. The last ones take everything back. */
export const DATA_TRAPS: readonly Trap[] = [
  {
    id: 'T3.6',
    is: 'no NOT NULL, and nothing that stamps what comes after the UPDATE',
    runbook: [
      'what the application writes from then on has no key and no membership, what has one can lose it, and its own check fails',
      async ({ script }) => {
        expect(await withoutKey(script.run)).toBeGreaterThanOrEqual(script.waitedToWrite.length);
        expect(await usersWithoutMembership(script.run)).toBeGreaterThan(0);
        expect(await asks(script.run, FORGETS)).toEqual({ of_default: null });
        expect(await tries(script.run, TAKES_AWAY)).toBe('accepted');
        expect(
          await asks(script.run, 'SELECT bool_and(is_valid) AS valid FROM validate_client_data_integrity()'),
        ).toEqual({
          valid: false,
        });
      },
    ],
    cutover: [
      'every row has its key and every user a membership, whoever forgets the key is stamped, and nobody can take it away',
      async ({ ours }) => {
        expect(await withoutKey(ours.run)).toBe(0);
        expect(await usersWithoutMembership(ours.run)).toBe(0);
        expect(await asks(ours.run, FORGETS)).toEqual({ of_default: true });
        expect(await tries(ours.run, TAKES_AWAY)).toBe('23502');
        expect(await asks(ours.run, 'SELECT count(*)::int AS problems FROM validate_client_data_integrity()')).toEqual({
          problems: 0,
        });
      },
    ],
    preview: /T3\.6 Rows that the old application inserts after a backfill have no client_id/,
  },
  {
    id: 'T3.7',
    is: 'one UPDATE of every row',
    runbook: [
      'every row of sellout_entries2 is written anew; the old ones stay as bloat',
      async ({ script }) => {
        expect(script.placesBefore.size).toBeGreaterThan(1_000);
        expect(await rewritten(script.run, script.placesBefore)).toBe(script.placesBefore.size);
      },
    ],
    cutover: [
      'no row is written',
      async ({ ours }) => {
        expect(ours.placesBefore.size).toBeGreaterThan(1_000);
        expect(await rewritten(ours.run, ours.placesBefore)).toBe(0);
      },
    ],
    preview: /T3\.7 .*one UPDATE of everything.*constant default that touches no row/,
  },
  {
    id: 'T3.8',
    is: '--force skips the prompts',
    runbook: [
      'the script has changed everything, and nothing says who decided that',
      async ({ script }) => {
        const { rows } = await script.run.db.query(
          `SELECT status FROM migration_log WHERE operation = 'migration' AND details = '{}' ORDER BY status`,
        );
        expect(rows).toEqual([{ status: 'completed' }, { status: 'started' }]);
      },
    ],
    cutover: [
      'a gate opens to the people that the plan names and to nobody else; until then nothing is changed, and the run knows who it was',
      async ({ ours }) => {
        const { refusals, state, schema } = ours.ungated;
        expect(refusals).toEqual([
          '"lead-1" has the roles lead; gate expand asks for 1 × dba.',
          '"sre-1" has the roles sre; gate expand asks for 1 × dba.',
          '"somebody" is not in the people file of the worker.',
          expect.stringMatching(/^exit code 1: [^]*"sre-1" has the roles sre; gate expand asks for 1 × dba\./),
        ]);
        expect(state.status).toBe('awaiting-approval');
        expect(stepState(state, 'expand/key-users').status).toBe('pending');
        expect(schema).toBe(ours.schemaBefore);
        const now = await ours.run.state();
        const deciders = now?.gates.map((gate) => [gate.phase, gate.decisions.map((d) => d.approver).sort()]);
        expect(deciders).toEqual([
          ['expand', ['dba-1']],
          ['cutover', ['lead-1', 'sre-1']],
          ['contract', []],
        ]);
      },
    ],
    preview: /T3\.8 A flag that skips prompts must not skip decisions/,
  },
  {
    id: 'T3.11',
    is: 'SELECT * sees the new column',
    runbook: [
      'a prepared SELECT * fails with 0A000, and again, and again; nobody was told',
      async ({ script }) => {
        expect([await script.naive.read(), await script.naive.read()]).toEqual(['0A000', '0A000']);
      },
    ],
    cutover: [
      'nor can it spare that reader; but it names the tables and the error beforehand, and one that prepares again fails no read',
      async ({ ours }) => {
        expect(await ours.naive.read()).toBe('0A000');
        const reader = ours.run.stage.reader.latest('progress');
        expect(reader).toMatchObject({ failed: 0, lastError: null });
        expect(reader?.['reprepared']).toBeGreaterThanOrEqual(1);
        expect(ours.run.stage.load.latest('progress')).toMatchObject({ readErrors: 0 });
      },
    ],
    preview: /T3\.11 SELECT \*.*users, uploads, sellout_entries2, products.*fails with 0A000/,
  },
  {
    id: 'seen here',
    is: 'get_user_organization_id() takes any of several memberships',
    runbook: [
      'a user who founds a second organisation goes on working in the first',
      async ({ script }) => {
        expect(await asks(script.run, ...FOUNDS)).toEqual({ is_second: false });
      },
    ],
    cutover: [
      'works in the one joined last',
      async ({ ours }) => {
        expect(await asks(ours.run, ...FOUNDS)).toEqual({ is_second: true });
      },
    ],
    preview: /ORDER BY m\.created_at DESC/,
  },
  {
    id: 'rollback',
    is: '"All client_id values are lost. This operation is IRREVERSIBLE"',
    runbook: [
      'acknowledged writes are nowhere afterwards: whose uploads they were, the second organisation, its members',
      async ({ script }) => {
        const writes = await rollBackLiterally(script);
        expect(writes.missing.length).toBeGreaterThan(3);
        expect(writes.found).toBeLessThan(writes.ok);
        expect(writes.missing.join('\n')).toMatch(/does not hold \{"client_id":/);
        expect(writes.missing.join('\n')).toMatch(/does not hold .*"slug":/);
      },
    ],
    cutover: [
      'loses none: what the old schema cannot hold is found in the archive, by key; the schema is as it was',
      async ({ ours }) => {
        const ofSecond = `SELECT FROM uploads WHERE client_id <> (SELECT id FROM organizations WHERE slug = 'default-org')`;
        await ours.run.seen('uploads of a second organisation', `${ofSecond} OFFSET 2`);
        await ours.run.rollback();
        await ours.run.ended('rolled-back', 300_000);
        await proveBack(ours.run, ours.schemaBefore);
        expect((await ours.run.stage.checkWrites(false)).inArchive).toBeGreaterThan(3);
      },
    ],
    preview: /INSERT INTO cutover\.archive/,
  },
];
