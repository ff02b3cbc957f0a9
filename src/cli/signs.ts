import type { Mark } from '../core/describe-run';
import type { Output } from './output';
import type { Paint } from './style';

/** The sign of a phase or step, in colour, two columns wide at most. */
export function sign(out: Output, mark: Mark): string {
  const [utf8, ascii, colour] = SIGNS[mark];
  return out.paint(colour, out.style.ascii ? ascii : utf8);
}

const SIGNS: Readonly<Record<Mark, readonly [utf8: string, ascii: string, colour: Paint]>> = {
  done: ['✓', 'ok', 'green'],
  now: ['▶', '>>', 'cyan'],
  waiting: ['?', '??', 'yellow'],
  failed: ['✗', '!!', 'red'],
  todo: ['·', '..', 'dim'],
  undone: ['↩', '<-', 'dim'],
};
