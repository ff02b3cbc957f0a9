import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { CliError } from '../cli-error';
import { EXIT } from '../exit-codes';
import { command, type CommonOptions, type Io, type Shell } from '../shell';

/** What `cutover dev` is given; its module is no part of an installation without the development environment. */
export interface DevModule {
  runDev(options: {
    readonly signal: AbortSignal;
    readonly json: boolean;
    readonly env: NodeJS.ProcessEnv;
  }): Promise<number>;
}

export function devCommand(shell: Shell): Command {
  return command('dev', 'run Temporal, PostgreSQL, a worker and the example, all of them on this machine, until Ctrl-C')
    .addHelpText('after', '\nExample:\n  $ cutover dev')
    .action((options: CommonOptions) => shell.run(options, dev));
}

async function dev(io: Io): Promise<number> {
  const path = join(dirname(__dirname), '..', 'dev', 'dev-command.js');
  if (!existsSync(path))
    throw new CliError(
      EXIT.usage,
      'This installation has no development environment; run `npm run demo` in a checkout.',
    );
  const loaded: unknown = await import(path);
  if (!isDevModule(loaded))
    throw new CliError(EXIT.usage, `${path} exports no runDev; build again with \`npm run build\`.`);
  const stop = new AbortController();
  const forget = io.host.onInterrupt(() => stop.abort());
  try {
    return await loaded.runDev({ signal: stop.signal, json: io.out.json, env: io.host.env });
  } finally {
    forget();
  }
}

function isDevModule(value: unknown): value is DevModule {
  return typeof value === 'object' && value !== null && 'runDev' in value && typeof value.runDev === 'function';
}
