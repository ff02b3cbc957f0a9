import type { Command } from 'commander';
import type { ReleaseAnswer, ReleaseInput } from '../../core/release-claim';
import { askWorker } from '../../runtime/ask-worker';
import { CliError } from '../cli-error';
import { EXIT } from '../exit-codes';
import { knownRun, requireClosed, requireWorker } from '../known-run';
import { isUnasked, peopleOption, type UnaskedOptions, valueOption, withUnasked } from '../options';
import { command, personOf, type CommonOptions, type Io, type Shell } from '../shell';

interface ReleaseOptions extends CommonOptions, UnaskedOptions {
  readonly plan?: string;
  readonly run?: string;
  readonly home?: string;
  readonly as?: readonly string[];
  readonly comment: string;
}

/** Frees the claim of a run that is dead. What it has changed stays: whoever asks takes that upon themselves. */
export function releaseCommand(shell: Shell): Command {
  return withUnasked(
    command('release', 'let go of a target whose run is dead; what the run has changed stays as it is'),
  )
    .addOption(valueOption('--plan <plan>', "a plan's name, a plan file or a workflow id (default: the only run)"))
    .addOption(valueOption('--run <id>', 'the run, by its id'))
    .addOption(valueOption('--home <target>', 'the target, when Temporal has forgotten the run'))
    .addOption(peopleOption('who takes the responsibility: together the quorum of the next gate; once for each person'))
    .addOption(valueOption('--comment <text>', 'why; goes into the ledger').makeOptionMandatory())
    .addHelpText(
      'after',
      '\nExamples:\n  $ cutover release --plan phase-1-client-id --home app --as lead-1 --as sre-1 --comment "the host is gone, we begin anew"\n  $ cutover release --run phase-1-client-id.0a1b2c3d --home app --as dba-1 --comment "ticket 9" --yes\n\nRefused while the workflow is open: `cutover abort` it first. To go on with the run instead: `cutover adopt`.',
    )
    .action((options: ReleaseOptions) => shell.run(options, (io) => release(io, options)));
}

async function release(io: Io, options: ReleaseOptions): Promise<number> {
  const by = options.as ?? [personOf(io.host, undefined)];
  return io.withTemporal(async (temporal, config) => {
    const known = await knownRun(io, temporal, options);
    const { home, run } = known;
    await requireClosed(temporal, known, 'end it with `cutover abort`, or talk to it: `cutover status`.');
    await requireWorker(temporal, config);
    io.out.line(`This frees ${home} of the claim of ${run}. What that run has changed there stays as it is.`);
    if (!isUnasked(options))
      await io.confirm({ text: `Type the target's name to release it (${home}):`, word: home, instead: '--yes' });
    const input: ReleaseInput = { home, run, by, comment: options.comment };
    const what = `release the claim of ${run} on ${home}`;
    const question = { temporal, taskQueue: config.taskQueue, workflow: 'release', target: home, input, what };
    const answer = answerOf(await askWorker(question));
    io.out.data({ ok: true, ...answer, home, by });
    io.out.line(`${io.out.paint('green', 'ok')}  ${answer.message}`);
    return EXIT.ok;
  });
}

function answerOf(answer: unknown): ReleaseAnswer {
  if (typeof answer === 'object' && answer !== null && 'run' in answer && 'message' in answer)
    return { run: String(answer.run), message: String(answer.message) };
  throw new CliError(EXIT.refused, 'The worker gave an answer of another version; look with `cutover report`.');
}
