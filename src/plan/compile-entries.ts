import type { CommandSpec, HttpExpectation, HttpRequestSpec } from '../core/outside-args';
import type { Step } from '../core/step';
import type { Phase } from '../core/phase';
import { manualStep } from './compile-manual';
import { listsOf, manualEntries, type CommandStep, type HttpStep, type SharedEntry } from './entries';
import type { PathPart } from './problem';
import type { PlanFile } from './schema/plan';

export const PROFILING_STEP = 'preflight/profiling';

/** The steps of a phase's list that every phase knows, in the order of the plan. */
export function sharedSteps(plan: PlanFile, phase: Phase): readonly Step[] {
  return listsOf(plan, phase).flatMap(({ at, spec }) => sharedStep(plan, phase, at, spec) ?? []);
}

/** One entry as a step; undefined where it is of a kind that only its own phase knows. */
export function sharedStep(
  plan: PlanFile,
  phase: Phase,
  at: readonly PathPart[],
  entry: SharedEntry,
): Step | undefined {
  const { manual, command, http, config, unconfig, profiling } = entry;
  const common = { phase, target: plan.home };
  if (manual) {
    const found = manualEntries(plan, phase).find(
      (e) => e.at.length === at.length + 1 && at.every((p, i) => p === e.at[i]),
    );
    return found && manualStep(plan, phase, found);
  }
  if (command) return { ...common, ...commandStep(phase, command) };
  if (http) return { ...common, ...httpStep(phase, http) };
  if (config) {
    return {
      id: configStepId(config.target),
      phase,
      kind: 'config',
      target: config.target,
      title: `Stage ${Object.keys(config.set).join(', ')} in ${config.target}: written beside it, live from the switch on.`,
      args: { set: config.set },
    };
  }
  if (unconfig) {
    return {
      id: `${phase}/unconfig-${unconfig.target}`,
      phase,
      kind: 'unconfig',
      target: unconfig.target,
      title: `Remove ${unconfig.remove.join(', ')} from ${unconfig.target}, once it is proved that nobody needs them.`,
      args: { keys: unconfig.remove, ...(unconfig.after ? { after: commandOf(unconfig.after) } : {}) },
    };
  }
  if (profiling) {
    return {
      ...common,
      id: PROFILING_STEP,
      kind: 'profiling',
      title: 'Record slow statements while the run lasts; what was set before is put back.',
      args: { slowMs: profiling.slow, store: plan.backup.store },
    };
  }
  return undefined;
}

/** One per target: what the switch makes live. */
export function configStepId(target: string): string {
  return `configure/config-${target}`;
}

function commandStep(phase: Phase, command: CommandStep) {
  return {
    id: `${phase}/command-${command.name}`,
    kind: 'command' as const,
    title: `Run ${command.run.argv.slice(0, 4).join(' ')}${command.run.argv.length > 4 ? ' ...' : ''}.`,
    args: {
      run: commandOf(command.run),
      ...(command.contains === undefined ? {} : { contains: command.contains }),
      ...(command.verify ? { verify: commandOf(command.verify) } : {}),
      ...(command.undo ? { undo: commandOf(command.undo) } : {}),
    },
    ...(command.irreversible === undefined ? {} : { irreversible: command.irreversible }),
  };
}

function httpStep(phase: Phase, http: HttpStep) {
  return {
    id: `${phase}/http-${http.name}`,
    kind: 'http' as const,
    title: `${http.request.method} ${http.request.path} of ${http.request.target} must answer ${http.expect.status}.`,
    args: {
      request: requestOf(http.request),
      expect: httpExpectation(http.expect),
      ...(http.undo ? { undo: requestOf(http.undo) } : {}),
    },
    ...(http.irreversible === undefined ? {} : { irreversible: http.irreversible }),
  };
}

type CommandInPlan = CommandStep['run'];

export function commandOf(spec: CommandInPlan): CommandSpec {
  return {
    argv: spec.argv,
    ...(spec.cwd === undefined ? {} : { cwd: spec.cwd }),
    ...(spec.env === undefined ? {} : { env: spec.env }),
    ...(spec.via === undefined ? {} : { via: spec.via }),
    timeoutMs: spec.timeout,
  };
}

export function httpExpectation(expect: HttpStep['expect']): HttpExpectation {
  return {
    status: expect.status,
    ...(expect.contains === undefined ? {} : { contains: expect.contains }),
    ...(expect.lacks === undefined ? {} : { lacks: expect.lacks }),
  };
}

function requestOf(request: HttpStep['request']): HttpRequestSpec {
  return {
    target: request.target,
    method: request.method,
    path: request.path,
    ...(request.headers ? { headers: request.headers } : {}),
    ...(request.body === undefined ? {} : { body: request.body }),
    timeoutMs: request.timeout,
  };
}
