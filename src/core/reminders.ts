/** Parts of a gate's time after which its people are reminded. */
export const REMIND_AT = [0.5, 0.9] as const;

export interface Deadline {
  readonly openedAt: string;
  readonly deadline: string;
  /** How many reminders have gone out. */
  readonly reminded: number;
}

/** When to wake next: for a reminder, or for the expiry. Milliseconds since 1970. */
export function nextWake({ openedAt, deadline, reminded }: Deadline): {
  readonly at: number;
  readonly why: 'remind' | 'expire';
} {
  const from = Date.parse(openedAt);
  const to = Date.parse(deadline);
  const part = REMIND_AT[reminded];
  return part === undefined ? { at: to, why: 'expire' } : { at: from + (to - from) * part, why: 'remind' };
}
