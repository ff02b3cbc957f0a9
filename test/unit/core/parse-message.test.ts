import { parseDecision, parseOperate } from '../../../src/core/parse-message';

const good = {
  gate: 'expand',
  nonce: 'n',
  planDigest: 'p',
  evidenceDigest: 'e',
  decision: 'approve',
  approver: 'dba-1',
};

describe('a message that cannot be read is a reason, never an exception:', () => {
  test.each([
    ['no payload', undefined, /no payload/],
    ['null', null, /one JSON object, found null/],
    ['a text for an object', 'approve', /one JSON object, found "approve"/],
    ['a list', [good], /one JSON object/],
    ['an encoding nobody knows', { undecodable: 'Unknown encoding: binary/x' }, /cannot be decoded: "Unknown encoding/],
    ['an extra field', { ...good, sudo: true }, /field "sudo" is not known/],
    ['a missing field', { ...good, nonce: undefined }, /field nonce must be a text, found nothing/],
    ['a field of another type', { ...good, approver: 7 }, /field approver must be a text, found 7/],
    ['another word', { ...good, decision: 'maybe' }, /must be "approve" or "reject", found "maybe"/],
    ['an unknown phase', { ...good, gate: 'lunch' }, /no phase "lunch"/],
    ['an oversized field', { ...good, comment: 'x'.repeat(5_000) }, /comment has 5000 characters/],
    ['a prototype key', JSON.parse('{"__proto__":{"x":1},"gate":"expand"}'), /field "__proto__" is not known/],
  ])('%s', (_title, value, reason) => {
    const parsed = parseDecision(value);
    expect(parsed.ok ? 'accepted' : parsed.reason).toMatch(reason);
  });
  test('a whole one is accepted', () => expect(parseDecision(good)).toEqual({ ok: true, message: good }));
  test('an operator’s word is one of the known', () => {
    expect(parseOperate({ verb: 'explode', as: 'dba-1' })).toMatchObject({
      ok: false,
      reason: expect.stringContaining('pause, resume, retry'),
    });
    expect(parseOperate({ verb: 'pause', as: 'dba-1' })).toMatchObject({ ok: true });
  });
});
