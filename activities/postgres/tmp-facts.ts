import { done } from '../../src/core/evidence';
import type { Resources } from '../resources';
import type { Facts, FactsInput } from '../../src/core/verb';
import type { PgSession, PgStepHandler } from './context';
import { fingerprint } from './fingerprint';

export async function collectFacts(_r: Resources, _i: FactsInput, session: PgSession): Promise<Facts> {
  return { material: { fingerprint: await fingerprint(session) }, shown: {} };
}
export function preflightStep(_r: Resources): PgStepHandler<'preflight'> {
  return { do: async (c) => c.commit(async () => done('tmp')), undo: async () => done('') };
}
