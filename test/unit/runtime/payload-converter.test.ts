import { defaultPayloadConverter } from '@temporalio/common';
import { isUndecodable, payloadConverter } from '../../../src/runtime/payload-converter';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const payload = (encoding: string, data: string) => ({ metadata: { encoding: text(encoding) }, data: text(data) });

describe('the payload converter', () => {
  it.each([{ a: [1, 'x', null] }, 'text', 7, null, true])('gives back what it was given: %j', (value) => {
    expect(payloadConverter.fromPayload(payloadConverter.toPayload(value))).toEqual(value);
  });

  it('gives back undefined', () => {
    expect(payloadConverter.fromPayload(payloadConverter.toPayload(undefined))).toBeUndefined();
  });

  it.each([
    ['an unknown encoding', payload('binary/encrypted', 'x')],
    ['text that is no JSON', payload('json/plain', '{')],
    ['no metadata', { data: text('1') }],
    ['no encoding', { metadata: {}, data: text('1') }],
    ['no data', { metadata: { encoding: text('json/plain') } }],
    ['nothing at all', {}],
  ])('never throws: %s becomes undecodable', (_name, bad) => {
    const value: unknown = payloadConverter.fromPayload(bad);
    expect(isUndecodable(value)).toBe(true);
  });

  it('reads a stranger up to 64 KB, and its own of any size', () => {
    const big = 'x'.repeat(70_000);
    expect(isUndecodable(payloadConverter.fromPayload(defaultPayloadConverter.toPayload(big)))).toBe(true);
    expect(payloadConverter.fromPayload(payloadConverter.toPayload(big))).toBe(big);
    expect(payloadConverter.fromPayload(defaultPayloadConverter.toPayload({ small: 1 }))).toEqual({ small: 1 });
  });
});
