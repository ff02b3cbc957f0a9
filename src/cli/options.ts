import { type Command, InvalidArgumentError, Option } from 'commander';

/** An option that takes one value, once: of two, nobody could say which was meant. */
export function valueOption(flags: string, description: string): Option {
  return new Option(flags, description).argParser((value: string, previous: string | undefined) => {
    if (previous !== undefined) throw new InvalidArgumentError('It is given twice; give it once.');
    if (value.trim() === '') throw new InvalidArgumentError('It is empty; give it a value.');
    return value;
  });
}

export function personOption(): Option {
  return valueOption('--as <name>', 'who you are in the people file (default: your user on this machine)').argParser(
    (value: string, previous: string | undefined) => {
      if (previous !== undefined) throw new InvalidArgumentError('It is given twice; give it once.');
      if (!PERSON.test(value)) throw new InvalidArgumentError(PERSON_EXPECTED);
      return value;
    },
  );
}

export function digestOption(flags: string, description: string): Option {
  return new Option(flags, description).argParser((value: string, previous: string | undefined) => {
    if (previous !== undefined) throw new InvalidArgumentError('It is given twice; give it once.');
    if (!/^sha256:[0-9a-f]{64}$/.test(value))
      throw new InvalidArgumentError('A digest is `sha256:` and 64 hex digits, as `cutover status` shows it.');
    return value;
  });
}

export const PERSON = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/;

export interface UnaskedOptions {
  readonly yes?: boolean;
  readonly force?: boolean;
}

/** `--force` is what runbooks call it. Here it skips questions and nothing else: no message to a run can say it. */
export function withUnasked(command: Command, what = 'do not ask'): Command {
  return command.option('--yes', what).option('--force', 'the same as --yes: it skips questions, never gates');
}

export function isUnasked({ yes = false, force = false }: UnaskedOptions): boolean {
  return yes || force;
}

/** Several values, each a person: `--as lead-1 --as sre-1`. */
export function peopleOption(description: string, flags = '--as <name>'): Option {
  return new Option(flags, description).argParser((value: string, previous: readonly string[] = []) => {
    if (!PERSON.test(value)) throw new InvalidArgumentError(PERSON_EXPECTED);
    if (previous.includes(value)) throw new InvalidArgumentError(`${value} is given twice; one person counts once.`);
    return [...previous, value];
  });
}

const PERSON_EXPECTED = 'A name has letters, digits, . _ @ and -, at most 64, and begins with a letter or digit.';
