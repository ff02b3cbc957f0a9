import { refusesAdoption } from '../../../src/core/adoptable';
import { ledger } from '../report/ledger';

describe('a run can be gone on with', () => {
  test('when its workflow is gone, and when it was aborted', () => {
    expect(refusesAdoption('r', ledger().verb('preflight/look', 'do').rows)).toBeUndefined();
    expect(refusesAdoption('r', ledger().note('finished', { outcome: 'aborted', reason: 'x' }).rows)).toBeUndefined();
  });

  test.each(['done', 'rolled-back', 'refused'])('but not when it has ended as %s', (outcome) => {
    expect(refusesAdoption('r', ledger().note('finished', { outcome }).rows)).toMatch(`has ended as ${outcome}`);
  });

  test('nor when it was released', () => {
    const { rows } = ledger().note('operator', { word: 'release', by: 'lead-1 and sre-1', comment: 'x' });
    expect(refusesAdoption('r', rows)).toMatch(/released at .* by lead-1 and sre-1.*Start a new run/);
  });

  test('nor by a ledger without its beginning', () => {
    expect(refusesAdoption('r', ledger().verb('preflight/look', 'do').rows.slice(1))).toMatch(/not whole/);
    expect(refusesAdoption('r', [])).toMatch(/not whole/);
  });
});
