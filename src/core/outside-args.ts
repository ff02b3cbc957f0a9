import type { Captured } from './tenancy-args';

/** A program of the worker's allow-list, by its argv: no shell reads it. */
export interface CommandSpec {
  readonly argv: readonly string[];
  /** Folder, relative to the worker's `commands.cwd`. */
  readonly cwd?: string;
  /** An env-file target whose variables the program gets, beside those that the worker's config lets through. */
  readonly env?: string;
  /** A host of the worker's config that runs it, over ssh. */
  readonly via?: string;
  readonly timeoutMs: number;
}

export interface CommandStepArgs {
  readonly run: CommandSpec;
  /** Text that its output must contain. */
  readonly contains?: string;
  /** Reads reality before and after: exit code 0 = done already, nothing is run. */
  readonly verify?: CommandSpec;
  readonly undo?: CommandSpec;
}

export interface HttpStepArgs {
  readonly request: HttpRequestSpec;
  readonly expect: HttpExpectation;
  readonly undo?: HttpRequestSpec;
}

export interface HttpRequestSpec {
  readonly target: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs: number;
}

export interface HttpExpectation {
  readonly status: number;
  readonly contains?: string;
  /** Text that the body must not contain: what belongs to somebody else. */
  readonly lacks?: string;
}

/** The step's target is the env file or secret store. */
export type ConfigArgs =
  /** Keys and values, none of them secret: staged, inert until the switch. */
  | { readonly set: Readonly<Record<string, string>> }
  /** What an earlier step of this kind has captured as `staged` becomes live. Undo = what was live before. */
  | { readonly live: Captured };

export interface DeployArgs {
  /** A service of the worker's config. */
  readonly service: string;
  readonly build: string;
  /** How long it may take until it is healthy. Milliseconds. */
  readonly timeoutMs: number;
  /** What went live since the build of before was started: put back first in the undo, or that build would start with it. */
  readonly config?: readonly Captured[];
}
