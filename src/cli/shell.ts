import { Command } from 'commander';
import { loadConfig, type Config } from '../runtime/config';
import { connectTemporal, type TemporalClient } from '../runtime/temporal';
import { ask } from './ask';
import { CliError } from './cli-error';
import { failWith } from './errors';
import { EXIT } from './exit-codes';
import type { Host } from './host';
import { PERSON, valueOption } from './options';
import { Output } from './output';

/** Options that every command has. */
export interface CommonOptions {
  readonly json?: boolean;
  readonly config?: string;
}

/** What a command works with. */
export interface Io {
  readonly host: Host;
  readonly out: Output;
  readonly config: () => Promise<Config>;
  /** Connects, works, and closes, whatever comes. */
  readonly withTemporal: <T>(work: (temporal: TemporalClient, config: Config) => Promise<T>) => Promise<T>;
  /** Asks for a word to be typed; another one is a refusal. `instead` is what a script gives. */
  readonly confirm: (question: {
    readonly text: string;
    readonly word: string;
    readonly instead: string;
  }) => Promise<void>;
}

/** Runs one command's action with its surroundings and keeps its exit code. */
export interface Shell {
  readonly host: Host;
  run(options: CommonOptions, action: (io: Io) => Promise<number>): Promise<void>;
}

export function createShell(host: Host, exit: (code: number) => void): Shell {
  return {
    host,
    run: async (options, action) => {
      const out = new Output({ stdout: host.stdout, stderr: host.stderr, env: host.env, json: options.json ?? false });
      let code: number;
      try {
        code = await action(ioOf(host, out, options));
      } catch (error) {
        code = failWith(error, out);
      }
      const failure = await out.finish();
      if (failure !== undefined) host.stderr.write(`${failure}.\n`);
      exit(failure !== undefined && code === EXIT.ok ? EXIT.refused : code);
    },
  };
}

/** A subcommand with the options that all have. */
export function command(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .option('--json', 'one JSON document on stdout, nothing else')
    .addOption(
      valueOption(
        '--config <file>',
        "the worker's config, read for the address of Temporal (default: cutover.config.yaml)",
      ),
    );
}

/** The name that decisions and words are sent under. */
export function personOf(host: Host, given: string | undefined): string {
  const name = given ?? host.user();
  if (name !== undefined && PERSON.test(name)) return name;
  throw new CliError(
    EXIT.usage,
    `Your user on this machine has no name that can stand in a people file; give --as <name>.`,
  );
}

function ioOf(host: Host, out: Output, options: CommonOptions): Io {
  const config = (): Promise<Config> => loadConfig({ file: options.config, cwd: folder(host), env: host.env });
  return {
    host,
    out,
    config,
    withTemporal: async (work) => {
      const loaded = await config();
      const temporal = await connectTemporal(loaded.temporal);
      try {
        return await work(temporal, loaded);
      } finally {
        await temporal.close();
      }
    },
    confirm: async ({ text, word, instead }) => {
      if (out.json) throw new CliError(EXIT.usage, `With --json nobody is asked; give ${instead}.`);
      const typed = await ask({ stdin: host.stdin, stderr: host.stderr, question: `${text} `, instead });
      if (typed.trim() !== word) throw new CliError(EXIT.refused, `That is not "${word}"; nothing was sent.`);
    },
  };
}

function folder(host: Host): string {
  try {
    return host.cwd();
  } catch {
    throw new CliError(EXIT.usage, 'The current folder no longer exists; change to another one.');
  }
}
