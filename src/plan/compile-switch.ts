import type { Step } from '../core/step';
import type { Captured } from '../core/tenancy-args';
import { configStepId, httpExpectation } from './compile-entries';
import type { Frame } from './frame';

type Switch = Frame['plan']['phases']['cutover']['switch'];

/**
 * The acts of a switch whose freeze is one transaction: no deployment can happen inside it, so each is a step of its own,
 * before the freeze or after its commit, as the plan has it around the flag.
 */
export function switchActs(frame: Frame): { readonly before: readonly Step[]; readonly after: readonly Step[] } {
  const entries = frame.plan.phases.cutover.switch;
  const flag = entries.findIndex((entry) => entry.flag);
  const steps = (from: number, to: number): readonly Step[] =>
    entries.slice(from, to).flatMap((_, i) => actStep(frame, entries, from + i) ?? []);
  return { before: steps(0, flag), after: steps(flag + 1, entries.length) };
}

function actStep({ plan }: Frame, entries: Switch, place: number): Step | undefined {
  const { config, deploy } = entries[place] ?? {};
  const flag = entries.findIndex((entry) => entry.flag);
  const when = place < flag ? 'before the freeze: it must work with both shapes' : 'after the freeze';
  if (config !== undefined) {
    return {
      id: `cutover/config-${config}`,
      phase: 'cutover',
      kind: 'config',
      target: config,
      title: `Make live what is staged beside ${config}, ${when}.`,
      args: { live: stagedIn(config) },
    };
  }
  if (!deploy) return undefined;
  const { service, build, timeout } = deploy;
  const live = liveSinceLast(entries, place, service);
  return {
    id: `cutover/deploy-${service}@${build}`,
    phase: 'cutover',
    kind: 'deploy',
    target: plan.home,
    title: `Run build ${build} of ${service}, ${when}.`,
    args: { service, build, timeoutMs: timeout, ...(live.length > 0 ? { config: live } : {}) },
  };
}

/** What went live since the build that this one replaces was started: that one starts again without it. */
function liveSinceLast(entries: Switch, place: number, service: string): readonly Captured[] {
  const earlier = entries.slice(0, place);
  const last = earlier.findLastIndex(({ deploy }) => deploy?.service === service);
  return earlier.slice(last + 1).flatMap(({ config }) => (config === undefined ? [] : [stagedIn(config)]));
}

function stagedIn(target: string): Captured {
  return { step: configStepId(target), name: 'staged' };
}

/** Asked once, right after the commit and what follows it; a wrong answer fails the cutover. */
export function proofSteps({ plan }: Frame): readonly Step[] {
  return plan.phases.cutover.prove.map(({ http }, i) => ({
    id: `cutover/prove-${i + 1}`,
    phase: 'cutover',
    kind: 'http',
    target: plan.home,
    title: `GET ${http.path} of ${http.target} must answer ${http.expect.status} after the switch.`,
    args: {
      request: {
        target: http.target,
        method: 'GET',
        path: http.path,
        ...(http.headers ? { headers: http.headers } : {}),
        timeoutMs: http.timeout,
      },
      expect: httpExpectation(http.expect),
    },
  }));
}
