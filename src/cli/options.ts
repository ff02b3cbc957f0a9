import { InvalidArgumentError, Option } from 'commander';

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
      if (!PERSON.test(value))
        throw new InvalidArgumentError(
          'A name has letters, digits, . _ @ and -, at most 64, and begins with a letter or digit.',
        );
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
