import { describeStep } from '../../activities/describe/describe-step';
import type { Digest } from '../core/json';
import type { CompiledPlan } from '../core/plan';
import type { Step } from '../core/step';
import { previewLines, type Described, type PreviewLine } from '../plan/preview';
import type { Output } from './output';
import type { Paint } from './style';

export interface PreviewOf {
  readonly plan: CompiledPlan;
  readonly digest: Digest;
  /** By step id, what it would meet now; from `preview --live`. */
  readonly expected?: Readonly<Record<string, string>>;
}

/** The whole plan as it would be carried out, in colour: the text is the one that docs and tests know. */
export function renderPreview(out: Output, preview: PreviewOf): readonly string[] {
  const { plan, digest } = preview;
  const lines = previewLines({ plan, digest, describe: (step) => described(preview, step) });
  return lines.map(({ text, tone }) => {
    const colour = COLOURS[tone];
    return colour === undefined || text === '' ? text : out.paint(colour, text);
  });
}

export function previewData(preview: PreviewOf): object {
  const { plan, digest } = preview;
  return {
    plan: plan.name,
    home: plan.home,
    environment: plan.environment,
    digest,
    remarks: plan.remarks,
    gates: plan.gates,
    steps: plan.steps.map((step) => ({
      id: step.id,
      phase: step.phase,
      kind: step.kind,
      target: step.target,
      ...(step.irreversible === undefined ? {} : { irreversible: step.irreversible }),
      ...described(preview, step),
    })),
  };
}

function described({ plan, expected }: PreviewOf, step: Step): Described {
  const offline = describeStep(plan.engine, step);
  const now = expected?.[step.id];
  return now === undefined ? offline : { ...offline, notes: [`now: ${now}`, ...offline.notes] };
}

const COLOURS: Readonly<Record<PreviewLine['tone'], Paint | undefined>> = {
  plain: undefined,
  title: 'bold',
  gate: 'yellow',
  step: 'cyan',
  sql: undefined,
  lock: 'dim',
  undo: 'dim',
  note: undefined,
  danger: 'red',
};
