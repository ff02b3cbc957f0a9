import { loadPeople } from '../../../src/runtime/people';
import { temporaryFolder } from './temp-file';

const folder = temporaryFolder();

describe('cutover.people.yaml', () => {
  it('gives roles and a digest of what it says, not of how it is written', async () => {
    const a = await loadPeople(
      folder.write('a.yaml', 'people:\n  lead-1: { roles: [lead] }\n  sre-1: { roles: [sre, dba] }\n'),
    );
    const b = await loadPeople(
      folder.write('b.yaml', '# the same\npeople: { sre-1: { roles: [sre, dba] }, lead-1: { roles: [lead] } }\n'),
    );
    expect(a).toEqual({ roles: { 'lead-1': ['lead'], 'sre-1': ['sre', 'dba'] }, digest: b.digest, mode: 'claimed' });
  });

  it('changes its digest with a role', async () => {
    const a = await loadPeople(folder.write('a.yaml', 'people: { lead-1: { roles: [lead] } }'));
    const b = await loadPeople(folder.write('b.yaml', 'people: { lead-1: { roles: [lead, dba] } }'));
    expect(a.digest).not.toBe(b.digest);
  });

  it.each([
    ['nobody', 'people: {}', /at least one person/],
    ['an empty file', '', /expected a mapping/],
    ['a person without roles', 'people: { a: { roles: [] } }', /at least one role/],
    ['a role twice', 'people: { a: { roles: [dba, dba] } }', /each role once/],
    ['a name of control characters', 'people: { "a\\tb": { roles: [dba] } }', /letters, digits/],
    ['__proto__', 'people: { __proto__: { roles: [dba] } }', /letters, digits|at least one/],
    ['an unknown field', 'people: { a: { roles: [dba], key: x } }', /unknown key/],
    ['a mistyped field', 'people: { a: { rolse: [dba] } }', /did you mean roles/],
  ])('refuses %s', async (_name, text, message) => {
    await expect(loadPeople(folder.write('bad.yaml', text))).rejects.toThrow(message);
  });
});
