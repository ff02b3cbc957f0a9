import { clip, type Verdict } from '../../../src/core/evidence';
import { CutoverError, describeError } from '../../../src/core/failure';
import type { Probe } from '../../../src/core/step';
import { httpGet, NoAnswer } from '../../http';
import type { HttpTarget, Resources } from '../../resources';
import type { PgContext } from '../context';
import { isConnectionLoss } from '../errors';
import { askReadOnly, compare } from './query';

type Context = PgContext<'observe'>;

export interface Answer {
  readonly verdict: Verdict;
  readonly observed: string;
}

/** One answer of one probe. A server that cannot be reached gives none: inconclusive, which never counts. */
export async function ask(resources: Resources, context: Context, probe: Probe): Promise<Answer> {
  return probe.kind === 'http'
    ? askHttp(resources.target(probe.target) as HttpTarget, context, probe)
    : askSql(context, probe);
}

async function askHttp(target: HttpTarget, context: Context, probe: Extract<Probe, { kind: 'http' }>): Promise<Answer> {
  try {
    const { status, body } = await httpGet(target, {
      path: probe.path,
      timeoutMs: probe.timeoutMs,
      signal: context.signal,
      ...(probe.headers ? { headers: probe.headers } : {}),
    });
    const fits =
      status === probe.expect.status && (probe.expect.contains === undefined || body.includes(probe.expect.contains));
    return { verdict: fits ? 'pass' : 'fail', observed: `status ${status}, ${clip(body, 120)}` };
  } catch (error) {
    if (error instanceof NoAnswer) return { verdict: 'fail', observed: error.message };
    throw error;
  }
}

async function askSql(context: Context, probe: Extract<Probe, { kind: 'sql' }>): Promise<Answer> {
  try {
    const question = { sql: probe.sql, timeoutMs: SQL_TIMEOUT_MS };
    return compare(probe.name, probe.expect, await context.read((session) => askReadOnly(session, question), probe.as));
  } catch (error) {
    if (error instanceof CutoverError && error.type === 'Misconfigured') throw error;
    if (isConnectionLoss(error)) return { verdict: 'inconclusive', observed: describeError(error) };
    return { verdict: 'fail', observed: describeError(error) };
  }
}

const SQL_TIMEOUT_MS = 60_000;
