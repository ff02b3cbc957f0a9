import type { Command } from 'commander';
import { refusesAdoption } from '../../core/adoptable';
import { fold } from '../../core/fold';
import { digestOf } from '../../core/json';
import { nextMove, type Move } from '../../core/next-move';
import type { CompiledPlan } from '../../core/plan';
import { planIn } from '../../report/bodies';
import { awaitAdoption } from '../../runtime/await-adoption';
import { startRun } from '../../runtime/client';
import { readLedger, type Ledger } from '../../runtime/read-ledger';
import { CliError } from '../cli-error';
import { EXIT } from '../exit-codes';
import { knownRun, requireClosed, requireWorker, type KnownRun } from '../known-run';
import { isUnasked, personOption, type UnaskedOptions, valueOption, withUnasked } from '../options';
import { command, personOf, type CommonOptions, type Io, type Shell } from '../shell';

interface AdoptOptions extends CommonOptions, UnaskedOptions {
  readonly plan?: string;
  readonly run?: string;
  readonly home?: string;
  readonly as?: string;
}

/** Goes on with a run whose workflow was terminated or aborted: its ledger is all that is believed. */
export function adoptCommand(shell: Shell): Command {
  return withUnasked(command('adopt', 'go on with a run whose workflow is gone, from what its ledger says'))
    .addOption(valueOption('--plan <plan>', "a plan's name, a plan file or a workflow id (default: the only run)"))
    .addOption(valueOption('--run <id>', 'a run by its id (default: the newest of the plan)'))
    .addOption(valueOption('--home <target>', 'the target whose ledger is read, when Temporal has forgotten the run'))
    .addOption(personOption())
    .addHelpText(
      'after',
      '\nExamples:\n  $ cutover adopt --plan phase-1-client-id --as lead-1\n  $ cutover adopt --plan phase-1-client-id --home app --as lead-1 --yes\n\nWhat was done stays done; a step that was under way begins a new round; a gate that was not passed asks again.\nRefused while the old workflow is open. To let go of the target instead: `cutover release`.',
    )
    .action((options: AdoptOptions) => shell.run(options, (io) => adopt(io, options)));
}

async function adopt(io: Io, options: AdoptOptions): Promise<number> {
  const by = personOf(io.host, options.as);
  return io.withTemporal(async (temporal, config) => {
    const { taskQueue } = config;
    const known = await knownRun(io, temporal, options);
    await requireClosed(temporal, known, 'there is nothing to adopt: talk to it, `cutover status`.');
    await requireWorker(temporal, config);
    const ledger = await readLedger({ temporal, taskQueue, home: known.home, run: known.run });
    const plan = planOf(ledger);
    if (plan.home !== known.home)
      throw new CliError(EXIT.refused, `The plan in that ledger is for target ${plan.home}, not ${known.home}.`);
    show(io, plan, known, ledger);
    if (!isUnasked(options))
      await io.confirm({ text: `Type the plan's name to go on (${plan.name}):`, word: plan.name, instead: '--yes' });
    const input = { plan, planDigest: digestOf(plan), requestedBy: by, adopt: { run: ledger.run, by } };
    const started = await startRun({ temporal, taskQueue, input });
    if (!started.ok) throw new CliError(EXIT.refused, started.reason);
    await awaitAdoption(temporal, started);
    io.out.data({ ...started, run: ledger.run, plan: plan.name, home: plan.home, by });
    io.out.line(`${io.out.paint('green', 'adopted')}  run ${ledger.run} goes on as workflow ${started.workflowId}`);
    io.out.line(`Next: cutover status --plan ${plan.name} --watch`);
    return EXIT.ok;
  });
}

function planOf({ run, rows }: Ledger): CompiledPlan {
  const refusal = refusesAdoption(run, rows);
  const plan = planIn(rows[0]?.body ?? null);
  if (refusal !== undefined || !plan) throw new CliError(EXIT.refused, refusal ?? `Run ${run} has no plan.`);
  return plan;
}

/** What the ledger says was done, and what would come next. */
function show(io: Io, plan: CompiledPlan, known: KnownRun, { run, rows }: Ledger): void {
  const nobody = { roles: {}, digest: '', mode: 'claimed' as const };
  const ref = { id: run, plan: plan.name, planDigest: digestOf(plan), home: known.home };
  const state = fold({ plan, run: ref, people: nobody, rows });
  const done = state.steps.filter((s) => s.status === 'done').length;
  io.out.line(`${io.out.paint('bold', run)}  ${plan.name} on ${plan.home} (${plan.environment})`);
  io.out.line(`  ledger  ${rows.length} rows, the last of ${rows.at(-1)?.at ?? 'never'}`);
  io.out.line(
    `  done    ${done} of ${plan.steps.length} steps${state.direction === 'back' ? ', and turned back' : ''}`,
  );
  io.out.line(`  next    ${moveText(nextMove(plan, state))}`);
}

function moveText(move: Move): string {
  if ('step' in move) return `${move.kind === 'undo' ? 'undo ' : ''}${move.step.id}: ${move.step.title}`;
  if ('phase' in move) return `the gate before ${move.phase} asks again`;
  return move.kind === 'await-operator' ? 'it stands still as it did, and waits for a word' : 'nothing more';
}
