import type { People } from '../../../src/core/people';
import type { CompiledPlan } from '../../../src/core/plan';
import { refusesRestore, restoreWords } from '../../../src/core/restore';
import { plan } from '../../support/small-plan';

const people = {
  roles: { 'lead-1': ['lead'], 'sre-1': ['sre'], 'both-1': ['lead', 'sre'], 'dba-1': ['dba'] },
  digest: 'sha256:people',
  mode: 'claimed',
} as People;

const quorum = [
  { role: 'lead', count: 1 },
  { role: 'sre', count: 1 },
];
const gated = { ...plan, gates: { ...plan.gates, contract: { require: quorum } } } as unknown as CompiledPlan;
const ask = (by: readonly string[], comment = 'orders lost') =>
  refusesRestore(gated, people, { lost: `sha256:${'0'.repeat(64)}`, by, comment });

describe('who may have a backup restored', () => {
  it('is the quorum of the gate before contract', () => {
    expect(ask(['lead-1', 'sre-1'])).toBeUndefined();
    expect(ask(['lead-1'])).toMatch(/quorum of the gate before contract: .*sre.* wanting/);
    expect(ask(['lead-1', 'dba-1'])).toMatch(/sre/);
  });

  it('is never one person for two places', () => {
    expect(ask(['both-1'])).toMatch(/wanting/);
    expect(ask(['both-1', 'sre-1'])).toBeUndefined();
  });

  it('is nobody without a reason, and nobody whom the people file does not know', () => {
    expect(ask(['lead-1', 'sre-1'], '  ')).toMatch(/--comment/);
    expect(ask(['toString', 'nobody'])).toMatch(/^Nobody of toString, nobody is in the people file/);
  });

  it('is the quorum of the last gate where there is none before contract', () => {
    const only = { ...plan, gates: { cutover: { require: [{ role: 'sre', count: 1 }] } } } as unknown as CompiledPlan;
    const approval = { lost: `sha256:${'0'.repeat(64)}`, by: ['lead-1'], comment: 'x' } as const;
    expect(refusesRestore(only, people, approval)).toMatch(/sre/);
    expect(refusesRestore(only, people, { ...approval, by: ['sre-1'] })).toBeUndefined();
  });
});

it('names the command that leads back', () => {
  expect(restoreWords({ name: 'tenant-default', home: 'app' })).toBe('cutover restore tenant-default --home app');
});
