import { describeError } from '../../../src/core/failure';
import { check, type Findings } from '../../findings';
import { sqlState } from '../pg-error';

/** A question that the tool's role may not ask is a finding, too: what comes behind it is asked all the same. */
export async function allowed(ask: () => Promise<Findings>): Promise<Findings> {
  try {
    return await ask();
  } catch (error) {
    if (sqlState(error) !== INSUFFICIENT_PRIVILEGE) throw error;
    return {
      checks: [
        check('rights to look', "the tool's role may ask every question", [
          `${describeError(error)}; grant the tool's role what the checks beside this one name, then ask again`,
        ]),
      ],
    };
  }
}

const INSUFFICIENT_PRIVILEGE = '42501';
