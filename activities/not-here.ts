import { CutoverError } from '../src/core/failure';
import type { StepKind } from '../src/core/step';
import type { StepHandler, VerbContext } from './context';

export interface NotHere {
  readonly kind: StepKind;
  /** As people write it. */
  readonly engine: string;
  /** Half a sentence: why, and what to use instead. */
  readonly why: string;
}

/** A kind of step that an engine does not have: refused by name, in both directions. */
export function notHere<K extends StepKind, C extends VerbContext<K>>({
  kind,
  engine,
  why,
}: NotHere): StepHandler<K, C> {
  const refuse = (): never => {
    throw new CutoverError('Misconfigured', `A step of kind ${kind} is not one of ${engine} in this version: ${why}.`);
  };
  return { do: async () => refuse(), undo: async () => refuse() };
}
