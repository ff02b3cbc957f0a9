import type { Command } from 'commander';
import type { Check } from '../../core/evidence';
import type { LivePreview, LivePreviewInput } from '../../core/live-preview';
import type { CompiledPlan } from '../../core/plan';
import { askWorker } from '../../runtime/ask-worker';
import { CliError } from '../cli-error';
import { compiledPlan } from '../compiled-plan';
import { EXIT } from '../exit-codes';
import { requireWorker } from '../known-run';
import type { Output } from '../output';
import { previewData, renderPreview } from '../render-preview';
import { command, type CommonOptions, type Io, type Shell } from '../shell';
import { table } from '../table';

interface PreviewOptions extends CommonOptions {
  readonly live?: boolean;
}

/** What a run of this plan would do, in its order. Without --live it connects to nothing. */
export function previewCommand(shell: Shell): Command {
  return command('preview', 'show what a plan would do: every step and statement, its lock and its way back')
    .argument('<plan-file>', 'the plan')
    .option(
      '--live',
      'the dry run: ask the worker, read-only, what preflight would say now and what each step would meet',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  $ cutover preview plan.yaml\n  $ cutover preview plan.yaml --live\n  $ cutover preview plan.yaml --json | jq ".steps[].statements"\n\nWithout --live it connects to nothing. With it nothing is claimed or written; exits with 1 when a check fails.',
    )
    .action((file: string, options: PreviewOptions) => shell.run(options, (io) => preview(io, file, options)));
}

async function preview(io: Io, file: string, { live }: PreviewOptions): Promise<number> {
  const compiled = await compiledPlan(file, io);
  const seen = live ? await lookLive(io, compiled.plan) : undefined;
  for (const line of seen ? checkLines(io.out, compiled.plan, seen) : []) io.out.line(line);
  const whole = { ...compiled, ...(seen ? { expected: seen.expected } : {}) };
  for (const line of renderPreview(io.out, whole)) io.out.line(line);
  const passes = seen === undefined || seen.evidence.verdict === 'pass';
  io.out.data({ ok: passes, ...previewData(whole), ...(seen ? { live: seen } : {}) });
  return passes ? EXIT.ok : EXIT.refused;
}

function lookLive(io: Io, plan: CompiledPlan): Promise<LivePreview> {
  return io.withTemporal(async (temporal, config) => {
    await requireWorker(temporal, config);
    const input: LivePreviewInput = { plan };
    const what = `look what ${plan.name} would meet on ${plan.home}`;
    const question = { temporal, taskQueue: config.taskQueue, workflow: 'previewLive', target: plan.home, input, what };
    return answerOf(await askWorker({ ...question, patience: LIVE_SECONDS }));
  });
}

function answerOf(answer: unknown): LivePreview {
  if (typeof answer === 'object' && answer !== null && 'evidence' in answer && 'expected' in answer)
    return answer as LivePreview;
  throw new CliError(EXIT.refused, 'The worker gave an answer of another version; run the same version on both sides.');
}

function checkLines(out: Output, plan: CompiledPlan, { evidence }: LivePreview): readonly string[] {
  const failed = evidence.checks.filter((c) => c.verdict !== 'pass');
  const warnings = Object.entries(evidence.figures ?? {}).filter(([name]) => /^warning \d+$/.test(name));
  return [
    out.paint(
      'bold',
      `${plan.name} on ${plan.home}, as it is now: ${evidence.summary}. Nothing was claimed or written.`,
    ),
    ...table(evidence.checks.map((check) => [signOf(out, check), check.name, check.observed])),
    ...warnings.map(([, text]) => `  ${out.paint('yellow', 'to know')}  ${String(text)}`),
    ...(failed.length > 0
      ? [out.paint('red', `A run would stop in preflight: ${failed.map((c) => c.name).join(', ')}.`)]
      : ['A run would pass its preflight.']),
    '',
  ];
}

function signOf(out: Output, { verdict }: Check): string {
  return verdict === 'pass' ? out.paint('green', 'ok') : out.paint('red', verdict);
}

/** Counting and the baselines of `watch` queries take their time. */
const LIVE_SECONDS = 600;
