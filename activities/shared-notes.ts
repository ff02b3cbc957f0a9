import type { Probe } from '../src/core/observe-args';
import type { CommandSpec, HttpExpectation } from '../src/core/outside-args';
import type { Step } from '../src/core/step';
import type { SharedKind } from './shared-handlers';

/** What a step that touches no database does, for people and offline. Values of settings are shown: none is secret. */
export function sharedNotes(step: Extract<Step, { kind: SharedKind }>): readonly string[] {
  switch (step.kind) {
    case 'command': {
      const { run, verify, undo, contains } = step.args;
      return [
        ...(verify ? [`asks first, and again afterwards, whether it is done: ${commandText(verify)}`] : []),
        `runs: ${commandText(run)}`,
        ...(contains === undefined ? [] : [`its output must contain ${JSON.stringify(contains)}`]),
        verify
          ? 'after a crash the question decides whether it runs again'
          : 'after a crash it runs again: it must bear that',
        undo ? `undo: ${commandText(undo)}` : 'undo: none, what it did stays',
      ];
    }
    case 'http': {
      const { request, expect, undo } = step.args;
      return [
        `${request.method} ${request.path} of ${request.target} -> expects ${answerText(expect)} within ${span(request.timeoutMs)}; no redirect is followed`,
        ...(undo
          ? [`undo: ${undo.method} ${undo.path} of ${undo.target}`]
          : request.method === 'GET'
            ? []
            : ['undo: none, what it did stays']),
      ];
    }
    case 'config':
      if ('live' in step.args)
        return [
          `what ${step.args.live.step} has staged becomes live in ${step.target}, by one rename; refused when somebody edited it since`,
          `undo: ${step.target} as it was`,
        ];
      return [
        `staged beside ${step.target}, live only in the switch: ${Object.entries(step.args.set)
          .map(([key, value]) => `${key}=${value}`)
          .join(', ')}`,
        `what is live before is kept beside it, mode 0600; refused when somebody edits ${step.target} between staging and switch`,
        `undo: ${step.target} as it was, and what was staged is removed`,
      ];
    case 'unconfig':
      return [
        ...(step.args.after
          ? [`first: ${commandText(step.args.after)}; unless it ends with exit code 0 nothing is removed`]
          : []),
        `removes from ${step.target}: ${step.args.keys.join(', ')}; the file as it was is kept beside it, mode 0600`,
        `undo: ${step.target} as it was`,
      ];
    case 'deploy':
      return [
        `service ${step.args.service}: the link to ${step.args.build}, restart, then asked until it answers 200 and names that build, for ${span(step.args.timeoutMs)}`,
        step.args.config?.length
          ? 'undo: the configuration as it was, then the build that ran before, in the same way'
          : 'undo: the build that ran before, in the same way',
      ];
    case 'manual':
      return [`somebody with the role ${step.args.role} does it by hand and ticks it with a text that proves it`];
  }
}

/** Argv as it is: no shell reads it. */
export function commandText({ argv, cwd, env, via, timeoutMs }: CommandSpec): string {
  const where = [
    ...(via === undefined ? [] : [`on ${via}`]),
    ...(cwd === undefined ? [] : [`in ${cwd}`]),
    ...(env === undefined ? [] : [`with the variables of ${env}`]),
    `within ${span(timeoutMs)}`,
  ];
  return `${JSON.stringify(argv)} ${where.join(', ')}`;
}

export function answerText({ status, contains, lacks }: HttpExpectation): string {
  const inBody = contains === undefined ? '' : ` with ${JSON.stringify(contains)} in its body`;
  const notInBody =
    lacks === undefined ? '' : `${contains === undefined ? '' : ' and'} without ${JSON.stringify(lacks)}`;
  return `status ${status}${inBody}${notInBody}`;
}

/** A probe that asks no database by a language of its own. */
export function probeNote(probe: Extract<Probe, { kind: 'http' | 'log' | 'server' }>): string {
  switch (probe.kind) {
    case 'http':
      return `probe ${probe.name}: GET ${probe.path} of ${probe.target} -> expects ${answerText(probe.expect)} within ${span(probe.timeoutMs)}`;
    case 'log':
      return `probe ${probe.name}: new lines of ${probe.target} with ${probe.errors.map((e) => JSON.stringify(e)).join(' or ')} -> at most ${probe.factor} times the rate before`;
    case 'server':
      return `probe ${probe.name}: what the database server says about itself`;
  }
}

function span(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${ms / 1000} s`;
}
