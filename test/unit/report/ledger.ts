import { gateDigest } from '../../../src/core/gate-evidence';
import type { Json } from '../../../src/core/json';
import { rowHash, type LedgerRow } from '../../../src/core/ledger-row';
import type { CompiledPlan } from '../../../src/core/plan';
import type { Verb } from '../../../src/core/step';

/** Builds a ledger as the activities write it: one second between rows, chained. */
export class LedgerBuilder {
  readonly rows: LedgerRow[] = [];

  note(event: LedgerRow['event'], body: Json, step = 'run'): this {
    return this.add({ step, verb: 'note', round: 0, event, body });
  }

  verb(step: string, verb: Verb, figures: Record<string, number | string> = {}, round = 1): this {
    this.add({ step, verb, round, event: 'start', body: { title: step, token: '1' } });
    const evidence = { verdict: 'pass', summary: `${verb} of ${step}`, checks: [], figures };
    return this.add({ step, verb, round, event: 'end', body: { evidence, ms: 120, sqlMs: 90, token: '1' } });
  }

  failed(step: string, message: string): this {
    return this.add({
      step,
      verb: 'do',
      round: 1,
      event: 'attempt-failed',
      body: { type: 'Blocked', message, token: '1' },
    });
  }

  gate(gate: string, nonce: string, material: Record<string, string>): this {
    return this.note('gate-opened', {
      gate,
      nonce,
      evidenceDigest: gateDigest(material),
      material,
      shown: { 'rows of users': '200000' },
    });
  }

  decision(gate: string, nonce: string, by: string, decision = 'approve'): this {
    return this.note('decision', {
      gate,
      nonce,
      decision,
      by,
      roles: ['lead'],
      comment: 'seen | all',
      via: 'update',
      evidenceDigest: 'sha256:ab',
    });
  }

  private add(row: Pick<LedgerRow, 'step' | 'verb' | 'round' | 'event' | 'body'>): this {
    const seq = this.rows.length + 1;
    const content = {
      seq,
      ...row,
      at: new Date(Date.UTC(2026, 0, 1, 0, 0, seq)).toISOString(),
      prevHash: this.rows.at(-1)?.hash ?? 'genesis',
    };
    this.rows.push({ ...content, hash: rowHash(content) });
    return this;
  }
}

const step = (id: string, phase: string, kind: string) => ({
  id,
  phase,
  kind,
  target: 'app',
  title: `Title of ${id}`,
  args: {},
});

/** Six steps in five phases, with gates before cutover and contract. */
export const PLAN = {
  version: 1,
  name: 'phase-1',
  environment: 'staging',
  home: 'app',
  tables: ['public.users'],
  steps: [
    step('preflight/look', 'preflight', 'preflight'),
    step('backup/dump', 'backup', 'backup'),
    step('expand/key-users', 'expand', 'key'),
    step('cutover/freeze', 'cutover', 'freeze'),
    step('observe/watch', 'observe', 'observe'),
    step('contract/retire', 'contract', 'retire'),
  ],
  gates: { cutover: { require: [{ role: 'lead', count: 1 }], onExpiry: 'hold', excludeRequester: false } },
  onFailure: {},
  remarks: [],
} as unknown as CompiledPlan;

export function ledger(): LedgerBuilder {
  return new LedgerBuilder().note('plan', PLAN as unknown as Json);
}
