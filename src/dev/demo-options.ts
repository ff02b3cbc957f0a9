import { parseArgs } from 'node:util';

export interface DemoOptions {
  /** Decide as lead-1, dba-1 and sre-1 instead of asking. */
  readonly yes: boolean;
  /** Roll back after the cutover instead of going on to contract. */
  readonly rollback: boolean;
  readonly rows: number;
  readonly rate: number;
  /** Leave everything running at the end, until Ctrl-C. */
  readonly keep: boolean;
}

export function demoOptions(argv: readonly string[]): DemoOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      yes: { type: 'boolean', default: false },
      rollback: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      rows: { type: 'string', default: '200000' },
      rate: { type: 'string', default: '150' },
    },
  });
  return { ...values, rows: positive('--rows', values.rows), rate: positive('--rate', values.rate) };
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`${name} must be a whole number above zero; found "${text}".`);
}
