import { parseArgs } from 'node:util';

export interface DemoOptions {
  readonly runbook: '000' | '003';
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
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      yes: { type: 'boolean', default: false },
      rollback: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      rows: { type: 'string' },
      rate: { type: 'string' },
    },
  });
  const runbook = runbookOf(positionals);
  const { rows, rate } = VOLUMES[runbook];
  return {
    ...values,
    runbook,
    rows: positive('--rows', values.rows ?? rows),
    rate: positive('--rate', values.rate ?? rate),
  };
}

/** Rows or documents, and requests per second. */
const VOLUMES = { '003': { rows: '200000', rate: '150' }, '000': { rows: '100000', rate: '80' } } as const;

function runbookOf([name = '003', ...more]: readonly string[]): DemoOptions['runbook'] {
  if ((name === '003' || name === '000') && more.length === 0) return name;
  throw new Error(`The demo shows runbook 000 or 003; found "${[name, ...more].join(' ')}".`);
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`${name} must be a whole number above zero; found "${text}".`);
}
