import { createHmac, timingSafeEqual } from 'node:crypto';

export interface Signed {
  readonly secret: string;
  /** Seconds since 1970, as sent in `x-cutover-timestamp`. */
  readonly timestamp: string;
  /** The body, byte for byte as it was sent. */
  readonly body: string;
}

/** `sha256=` and 64 hex digits: HMAC-SHA256 of `<timestamp>.<body>`. */
export function signatureOf({ secret, timestamp, body }: Signed): string {
  return `sha256=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}`;
}

export interface SignatureCheck extends Signed {
  /** As sent in `x-cutover-signature`. */
  readonly signature: string;
  /** Milliseconds since 1970; default: now. */
  readonly now?: number;
  /** How old or how far ahead a message may be; default 5 minutes. An older one may be somebody's copy, sent again. */
  readonly toleranceMs?: number;
}

/** What a receiver does: true only for a message of this secret, unchanged and recent. */
export function verifySignature(check: SignatureCheck): boolean {
  const { timestamp, signature, now = Date.now(), toleranceMs = 5 * 60_000 } = check;
  if (!/^\d{1,12}$/.test(timestamp)) return false;
  if (Math.abs(now - Number(timestamp) * 1000) > toleranceMs) return false;
  const expected = Buffer.from(signatureOf(check));
  const given = Buffer.from(signature);
  return expected.length === given.length && timingSafeEqual(expected, given);
}
