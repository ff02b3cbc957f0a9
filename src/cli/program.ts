import { Command, CommanderError } from 'commander';
import { abortCommand } from './commands/abort';
import { adoptCommand } from './commands/adopt';
import { approveCommand } from './commands/approve';
import { checkCommand } from './commands/check';
import { devCommand } from './commands/dev';
import { doctorCommand } from './commands/doctor';
import { extendCommand } from './commands/extend';
import { fenceCommand } from './commands/fence';
import { getCommand } from './commands/get';
import { pauseCommand } from './commands/pause';
import { previewCommand } from './commands/preview';
import { rejectCommand } from './commands/reject';
import { releaseCommand } from './commands/release';
import { restoreCommand } from './commands/restore';
import { reportCommand } from './commands/report';
import { resumeCommand } from './commands/resume';
import { retryCommand } from './commands/retry';
import { rollbackCommand } from './commands/rollback';
import { setCommand } from './commands/set';
import { skipCommand } from './commands/skip';
import { startCommand } from './commands/start';
import { statusCommand, watchCommand } from './commands/status';
import { tickCommand } from './commands/tick';
import { workerCommand } from './commands/worker';
import { EXIT, EXIT_HELP } from './exit-codes';
import type { Host } from './host';
import { createShell, type Shell } from './shell';

/** Parses argv, runs one command, and gives its exit code. */
export async function runCli(argv: readonly string[], host: Host): Promise<number> {
  let code: number = EXIT.ok;
  const program = buildProgram(createShell(host, (exit) => (code = exit)));
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    const asked = error.code === 'commander.helpDisplayed' || error.code === 'commander.version';
    if (asked) return EXIT.ok;
    if (argv.includes('--json')) {
      host.stdout.write(
        `${JSON.stringify({ ok: false, exitCode: EXIT.usage, error: error.message.replace(/^error: /, '') })}\n`,
      );
    }
    return EXIT.usage;
  }
}

export function buildProgram(shell: Shell): Command {
  const { host } = shell;
  const program = new Command('cutover')
    .description(
      'Takes a live single-tenant application to a multi-tenant one: in phases, with people deciding between them, and back again.',
    )
    .version(VERSION)
    .addHelpText('after', EXAMPLES)
    .showHelpAfterError('(add --help for the options and examples)');
  const commands = COMMANDS.map((create) => create(shell));
  for (const sub of commands) program.addCommand(sub.showHelpAfterError('(add --help for the options and examples)'));
  for (const each of [program, ...commands]) {
    each.exitOverride();
    each.configureOutput({
      writeOut: (text) => void host.stdout.write(text),
      writeErr: (text) => void host.stderr.write(text),
      getOutHelpWidth: () => host.stdout.columns ?? 100,
      getErrHelpWidth: () => host.stderr.columns ?? 100,
    });
  }
  return program;
}

/** In the order in which a migration meets them. */
const COMMANDS: readonly ((shell: Shell) => Command)[] = [
  ...[checkCommand, previewCommand, doctorCommand, devCommand, workerCommand],
  ...[startCommand, statusCommand, watchCommand, approveCommand, rejectCommand, tickCommand],
  ...[pauseCommand, resumeCommand, retryCommand, skipCommand, extendCommand, rollbackCommand, abortCommand],
  ...[setCommand, getCommand],
  ...[adoptCommand, releaseCommand, restoreCommand, reportCommand, fenceCommand],
];

const VERSION = '0.1.0';

const EXAMPLES = `
Examples:
  $ cutover check plan.yaml                  all problems of a plan at once
  $ cutover preview plan.yaml                every statement, its lock, its way back
  $ cutover doctor --targets                 whether everything is there
  $ cutover worker --register                reaches the databases, holds the secrets
  $ cutover start plan.yaml --as lead-1
  $ cutover watch                            what it does, whom it waits for, which command goes on
  $ cutover approve expand --as dba-1
  $ cutover rollback --as lead-1 --comment "error rate doubled"
  $ cutover report phase-1-client-id > report.md

TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE and the other TEMPORAL_ variables go before the config.

${EXIT_HELP}`;
