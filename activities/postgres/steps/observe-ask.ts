import { CutoverError, describeError } from '../../../src/core/failure';
import type { Probe } from '../../../src/core/observe-args';
import { askHttp, type Answer } from '../../probes/ask-http';
import { askLog } from '../../probes/ask-log';
import type { Resources } from '../../resources';
import type { PgContext } from '../context';
import { isConnectionLoss } from '../errors';
import { compare } from '../../expectation';
import { askReadOnly } from './query';

type Context = PgContext<'observe'>;

/** One answer of one probe. A server that cannot be reached gives none: inconclusive, which never counts. */
export async function ask(resources: Resources, context: Context, probe: Probe): Promise<Answer> {
  switch (probe.kind) {
    case 'http':
      return askHttp(resources, context.signal, probe);
    case 'log':
      return askLog(resources, context, probe);
    case 'sql':
      return askSql(context, probe);
    case 'aggregate':
    case 'server':
      throw new CutoverError(
        'Misconfigured',
        `Probe ${probe.name} is of kind ${probe.kind}, which PostgreSQL has not; ask by an sql probe.`,
      );
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
