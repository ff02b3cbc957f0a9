import type { Verb } from '../../src/core/step';
import type { ClientMessage } from './pg-wire';
import type { Fate, Rule, Talk } from './tcp-proxy';

type When = (message: ClientMessage, talk: Talk) => boolean;

/** Says `fate` the first time that `when` holds, and nothing from then on. */
export function once(fate: Fate, when: When): Rule {
  let struck = false;
  return (message, talk) => {
    if (struck || !when(message, talk)) return 'pass';
    struck = true;
    return fate;
  };
}

export function inStep(step: string, verb: Verb, when: When): When {
  return (message, talk) => talk.step === step && talk.verb === verb && when(message, talk);
}

/** The statement that takes the freeze's locks, all of them. */
export const takesLocks: When = ({ sql }) => sql?.includes('ACCESS EXCLUSIVE MODE') === true;

/** The COMMIT that carries the verb's end row: effect and row stand or fall with it. */
export const lastCommit: When = ({ sql }, talk) => sql === 'COMMIT' && talk.rows.includes('end');

export function says(pattern: RegExp): When {
  return ({ sql }) => sql !== undefined && pattern.test(sql);
}
