import { targetOf } from '../target-of';
import { clip, done, evidenceOf } from '../../src/core/evidence';
import { CutoverError } from '../../src/core/failure';
import type { HttpRequestSpec } from '../../src/core/outside-args';
import type { StepHandler, VerbContext } from '../context';
import { httpRequest, NoAnswer, type HttpAnswer } from '../http';
import { judgeAnswer } from '../judge-answer';
import { plainText } from '../plain-text';
import type { Resources } from '../resources';

/**
 * A request that changes something outside. A lost answer leaves open whether it did, so the next attempt sends it
 * again: what it asks for must bear being asked twice.
 */
export function httpStep(resources: Resources): StepHandler<'http'> {
  return {
    do: async (context) => {
      const { request, expect } = context.args;
      const answer = await send(resources, context, request);
      const checks = judgeAnswer(nameOf(request), answer, expect).map((check) => ({
        ...check,
        observed: resources.redact(check.observed),
      }));
      return evidenceOf(`${nameOf(request)} answered ${answer.status}`, checks, { status: answer.status });
    },
    undo: async (context) => {
      const { request, undo } = context.args;
      if (!undo) return done(`stays: the plan has no undo for ${nameOf(request)}`);
      const { status, body } = await send(resources, context, undo);
      if (status >= 200 && status < 300) return done(`${nameOf(undo)} answered ${status}`, { status });
      throw new CutoverError(
        'CommandFailed',
        `${nameOf(undo)} answered ${status}: ${resources.redact(clip(plainText(body).replaceAll('\n', ' '), 200))}`,
      );
    },
  };
}

async function send(resources: Resources, context: VerbContext, request: HttpRequestSpec): Promise<HttpAnswer> {
  context.progress({ doing: nameOf(request) });
  try {
    return await httpRequest(targetOf(resources, request.target, 'http'), { ...request, signal: context.signal });
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    throw new CutoverError('Unavailable', `${nameOf(request)}: ${error.message}; bring the service back.`, {
      cause: error,
    });
  }
}

function nameOf({ method, path, target }: HttpRequestSpec): string {
  return `${method} ${path} of ${target}`;
}
