import { breached, observe as counted, type Window } from '../../src/core/breach';
import { clip, evidenceOf, type Check, type Evidence, type Verdict } from '../../src/core/evidence';
import type { ObserveArgs, Probe } from '../../src/core/observe-args';
import type { Answer } from '../probes/ask-http';

/** How far the watch has come; kept in the target, so that another worker goes on where this one was. */
export interface Watch {
  readonly elapsedMs: number;
  readonly asked: number;
  readonly failed: number;
  readonly inconclusive: number;
  readonly windows: Readonly<Record<string, Window>>;
  readonly last: Readonly<Record<string, string>>;
  /** The round of the step that wrote it. */
  readonly round: number;
}

/**
 * Another attempt goes on where the last one was, failures included. A new round of the step starts with empty windows,
 * or the same breach would be found again at once; its clock goes on.
 */
export function resumed(stored: Watch | undefined, round: number): Watch {
  if (stored?.round === round) return stored;
  return { ...(stored ?? START), windows: {}, round };
}

const START = { elapsedMs: 0, asked: 0, failed: 0, inconclusive: 0, windows: {}, last: {} };

export function answered(watch: Watch, probe: Probe, { verdict, observed }: Answer, of: number): Watch {
  return {
    ...watch,
    asked: watch.asked + 1,
    failed: watch.failed + (verdict === 'fail' ? 1 : 0),
    inconclusive: watch.inconclusive + (verdict === 'inconclusive' ? 1 : 0),
    windows: { ...watch.windows, [probe.name]: counted(watch.windows[probe.name] ?? [], verdict, of) },
    last: { ...watch.last, [probe.name]: clip(observed, 200) },
  };
}

export function brokenProbe(args: ObserveArgs, watch: Watch): Probe | undefined {
  if (args.then === 'notify') return undefined;
  return args.probes.find((p) => breached(watch.windows[p.name] ?? [], args.failures));
}

export function breachEvidence(args: ObserveArgs, watch: Watch, probe: Probe): Evidence {
  return evidenceOf(
    `breach: probe ${probe.name} failed ${args.failures} times in its last ${args.of} answers`,
    verdicts(args, watch, probe.name),
    figures(watch),
  );
}

export function observedEvidence(
  args: ObserveArgs,
  watch: Watch,
  more: Readonly<Record<string, number | string>>,
): Evidence {
  return evidenceOf(`observed for ${Math.round(watch.elapsedMs / 1000)} s`, verdicts(args, watch), {
    ...figures(watch),
    ...more,
  });
}

function verdicts(args: ObserveArgs, watch: Watch, broken?: string): readonly Check[] {
  return args.probes.map((p): Check => {
    const window = watch.windows[p.name] ?? [];
    const verdict: Verdict = p.name === broken ? 'fail' : window.length === 0 ? 'inconclusive' : 'pass';
    return {
      name: p.name,
      verdict,
      expected: `fewer than ${args.failures} failures in ${args.of}`,
      observed: watch.last[p.name] ?? 'never answered',
    };
  });
}

function figures(watch: Watch): Record<string, number> {
  return {
    observedMs: Math.round(watch.elapsedMs),
    asked: watch.asked,
    failed: watch.failed,
    inconclusive: watch.inconclusive,
  };
}
