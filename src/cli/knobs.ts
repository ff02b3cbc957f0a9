import { knobsIn, knobsText, type GetKnobsInput, type KnobsAnswer } from '../core/knobs';
import { askWorker } from '../runtime/ask-worker';
import { CliError } from './cli-error';
import { EXIT } from './exit-codes';
import { knownRun, requireWorker } from './known-run';
import type { Io } from './shell';

export interface WhichRun {
  readonly plan?: string | undefined;
  readonly run?: string | undefined;
  readonly home?: string | undefined;
}

export interface AskForKnobs {
  readonly workflow: 'getKnobs' | 'setKnobs';
  /** Begins the sentence of what was asked: `read`, `set`. */
  readonly verb: string;
  readonly input: (run: GetKnobsInput) => GetKnobsInput;
}

/** Asks the worker, and shows what holds from now on. */
export async function showKnobs(io: Io, which: WhichRun, { workflow, verb, input }: AskForKnobs): Promise<number> {
  return io.withTemporal(async (temporal, config) => {
    const { home, run } = await knownRun(io, temporal, which);
    await requireWorker(temporal, config);
    const what = `${verb} the knobs of ${run} on ${home}`;
    const question = {
      temporal,
      taskQueue: config.taskQueue,
      workflow,
      target: home,
      input: input({ home, run }),
      what,
    };
    const answer = answerOf(await askWorker(question));
    const { knobs, by, at } = answer;
    io.out.data({ ok: true, home, ...answer });
    const set = knobsText(knobs);
    io.out.line(`${io.out.paint('green', 'ok')}  run ${answer.run} on ${home}: ${set === '' ? 'nothing is set' : set}`);
    if (by !== undefined) io.out.line(`    said by ${by}${at === undefined ? '' : `, ${at}`}`);
    io.out.line('    What is not set the tool decides by itself.');
    return EXIT.ok;
  });
}

function answerOf(answer: unknown): KnobsAnswer {
  if (typeof answer === 'object' && answer !== null && 'run' in answer && 'knobs' in answer) {
    const { run, knobs, by, at } = answer as Readonly<Record<string, unknown>>;
    return {
      run: String(run),
      knobs: knobsIn(knobs),
      ...(typeof by === 'string' ? { by } : {}),
      ...(typeof at === 'string' ? { at } : {}),
    };
  }
  throw new CliError(EXIT.refused, 'The worker gave an answer of another version; restart it with this version.');
}
