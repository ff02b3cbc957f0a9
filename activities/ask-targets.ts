import { Context } from '@temporalio/activity';
import { access, constants } from 'node:fs/promises';
import { describeError } from '../src/core/failure';
import type { TargetReport } from '../src/core/target-report';
import { isDatabase, type EngineOf } from './engines';
import { httpGet } from './http';
import type { HttpTarget, Resources, Target } from './resources';

/** Asks every target of the worker's config who it is. Reads only; one that does not answer is an answer. */
export async function askTargets(resources: Resources, engineOf: EngineOf): Promise<readonly TargetReport[]> {
  const { cancellationSignal: signal } = Context.current();
  return Promise.all(
    resources.targetNames.map(async (name) => {
      const target = resources.target(name);
      try {
        if (isDatabase(target)) return await engineOf(name).ask(name, signal);
        return target.kind === 'http' ? await askHttp(target, signal) : await askFile(target);
      } catch (error) {
        if (signal.aborted) throw error;
        return silent(name, target.kind, resources.redact(describeError(error)));
      }
    }),
  );
}

function silent(name: string, kind: TargetReport['kind'], problem: string): TargetReport {
  return { name, kind, reachable: false, facts: {}, problems: [problem], warnings: [] };
}

/** Any status is an answer: which one is right, only the plan's probes know. */
async function askHttp(target: HttpTarget, signal: AbortSignal): Promise<TargetReport> {
  const { name, kind } = target;
  try {
    const { status } = await httpGet(target, { path: '/', timeoutMs: 5_000, signal });
    return { name, kind, reachable: true, facts: { status: `GET / answers ${status}` }, problems: [], warnings: [] };
  } catch (error) {
    if (signal.aborted) throw error;
    const problem = `"${name}" does not answer (${describeError(error)}); start the service, or correct its address in cutover.config.yaml`;
    return silent(name, kind, problem);
  }
}

type FileLike = Exclude<Target, { kind: 'postgres' | 'mongodb' | 'http' }>;

/** A file, a store or a service: is the worker allowed to read it? */
async function askFile(target: FileLike): Promise<TargetReport> {
  const { name, kind } = target;
  const path = kind === 'service' ? target.current : kind === 'secret-store' ? target.file : target.path;
  try {
    await access(path, constants.R_OK);
    return { name, kind, reachable: true, facts: { file: 'readable' }, problems: [], warnings: [] };
  } catch (error) {
    const problem = `"${name}" cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'}); create it or let the worker read it`;
    return silent(name, kind, problem);
  }
}
