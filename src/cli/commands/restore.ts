import { Argument, type Command } from 'commander';
import type { Digest } from '../../core/json';
import type { RestoreAnswer, RestoreInput } from '../../core/restore';
import { askWorker } from '../../runtime/ask-worker';
import { CliError } from '../cli-error';
import { EXIT } from '../exit-codes';
import { knownRun, requireClosed, requireWorker } from '../known-run';
import { digestOption, isUnasked, peopleOption, type UnaskedOptions, valueOption, withUnasked } from '../options';
import { renderLost } from '../render-lost';
import { command, type CommonOptions, type Io, type Shell } from '../shell';

interface RestoreOptions extends CommonOptions, UnaskedOptions {
  readonly home: string;
  readonly lost?: Digest;
  readonly by?: readonly string[];
  readonly comment?: string;
}

/** The way back when there is no other: first what it would lose, then, for that list and by the gate's quorum, the restore. */
export function restoreCommand(shell: Shell): Command {
  return withUnasked(
    command('restore', 'the last resort: make the database again what the backup of a run holds (MongoDB)'),
  )
    .addArgument(new Argument('<run|plan>', "a run's id, or a plan's name for its newest run"))
    .addOption(valueOption('--home <target>', 'the target whose database is restored').makeOptionMandatory())
    .addOption(
      digestOption('--lost <digest>', 'the list that is approved; without it the list is shown and nothing is done'),
    )
    .addOption(
      peopleOption(
        'who approves: together the quorum of the gate before contract; once for each person',
        '--by <name>',
      ),
    )
    .addOption(valueOption('--comment <text>', 'why; goes into the ledger'))
    .addHelpText('after', HELP)
    .action((run: string, options: RestoreOptions) => shell.run(options, (io) => restore(io, run, options)));
}

const HELP = `
Examples:
  $ cutover restore tenant-default --home app
  $ cutover restore tenant-default --home app --lost sha256:<64 hex digits> --by lead-1 --by sre-1 --comment "orders were lost"

Without --lost: compares the database with the backup, shows what would be lost, keeps the list beside the backup, and
does nothing. With it: refuses the application's writes, keeps what is lost in files beside the backup, restores,
compares with the manifest, and lets the application write again. Stop the application first: a list that has changed is
refused. Killed in the middle, the same command goes on.

Refused while the workflow is open: \`cutover abort\` it first. Configuration and builds are not put back: deploy the
previous build before the application starts again. PostgreSQL: see docs/backup.md.`;

async function restore(io: Io, wanted: string, options: RestoreOptions): Promise<number> {
  const { home } = options;
  const approved = approvalOf(options);
  return io.withTemporal(async (temporal, config) => {
    const known = await knownRun(io, temporal, { home, ...(RUN_ID.test(wanted) ? { run: wanted } : { plan: wanted }) });
    const { run } = known;
    if (approved)
      await requireClosed(temporal, known, 'end it with `cutover abort`, or go back with `cutover rollback`.');
    await requireWorker(temporal, config);
    if (approved && !isUnasked(options)) {
      io.out.line(`This drops what has come into the database of ${home} since the backup of ${run} was taken.`);
      await io.confirm({ text: `Type the target's name to restore it (${home}):`, word: home, instead: '--yes' });
    }
    const input: RestoreInput = { home, run, ...(approved ? { approved } : {}) };
    const what = approved ? `restore ${home} from the backup of ${run}` : `list what a restore of ${run} would lose`;
    const patience = (approved ? 24 : 2) * 3_600;
    const question = {
      temporal,
      taskQueue: config.taskQueue,
      workflow: 'restore',
      target: home,
      input,
      what,
      patience,
    };
    const answer = answerOf(await askWorker(question));
    io.out.data({ ok: true, ...answer, home });
    for (const line of renderLost(io.out, answer)) io.out.line(line);
    return EXIT.ok;
  });
}

const RUN_ID = /\.[0-9a-f]{8}$/;

function approvalOf({ lost, by = [], comment }: RestoreOptions): RestoreInput['approved'] {
  if (lost === undefined) {
    if (by.length === 0 && comment === undefined) return undefined;
    throw new CliError(
      EXIT.usage,
      'Also give --lost <digest>, as `cutover restore` without --by and --comment shows it.',
    );
  }
  if (by.length === 0) throw new CliError(EXIT.usage, 'Name who approves the list, once for each person: --by <name>.');
  if (comment === undefined) throw new CliError(EXIT.usage, 'Say why with --comment <text>; it goes into the ledger.');
  return { lost, by, comment };
}

function answerOf(answer: unknown): RestoreAnswer {
  if (typeof answer === 'object' && answer !== null && 'run' in answer && 'list' in answer)
    return answer as RestoreAnswer;
  throw new CliError(EXIT.refused, 'The worker gave an answer of another version; look with `cutover report`.');
}
