import { Context } from '@temporalio/activity';
import { describeError } from '../../src/core/failure';
import type { TargetReport } from '../../src/core/target-report';
import type { RunRef } from '../../src/core/verb';
import { httpGet } from '../http';
import type { HttpTarget, PostgresTarget, Resources } from '../resources';
import { withLink } from './link';
import { appRoleFindings } from './preflight/environment';
import type { Findings } from './preflight/findings';
import { roleFindings } from './preflight/role';
import { OLDEST_MAJOR, serverFindings, serverVersion, versionFindings } from './preflight/server';

/** Nobody's run: names the connections only. */
const DOCTOR: RunRef = { id: 'doctor', plan: 'doctor', planDigest: 'sha256:', home: '' };

/** Asks every target of the worker's config who it is. Reads only; one that does not answer is an answer. */
export async function askTargets(resources: Resources): Promise<readonly TargetReport[]> {
  const { cancellationSignal: signal } = Context.current();
  return Promise.all(
    resources.targetNames.map(async (name) => {
      try {
        const target = resources.target(name);
        return target.kind === 'http' ? await askHttp(target, signal) : await askPostgres(resources, target, signal);
      } catch (error) {
        if (signal.aborted) throw error;
        return silent(name, resources.target(name).kind, resources.redact(describeError(error)));
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

async function askPostgres(resources: Resources, target: PostgresTarget, signal: AbortSignal): Promise<TargetReport> {
  const options = { applicationName: 'cutover/doctor', readOnly: true, signal };
  const asked = await withLink(target, options, async (session) => {
    const version = await serverVersion(session);
    const [who] = await session.query<{ role: string; database: string }>(
      'SELECT current_user::text AS role, current_database()::text AS database',
    );
    const facts = { version: `PostgreSQL ${version.version}`, role: who?.role ?? '?', database: who?.database ?? '?' };
    // Older servers lack what the other questions use.
    const old = version.major < OLDEST_MAJOR;
    const found = old ? [] : [await serverFindings(session), await roleFindings(session, [])];
    return { facts, found: [versionFindings(version), ...found] };
  });
  const app = target.probeAs ? [await appRoleFindings({ resources, run: DOCTOR, signal }, target, [])] : [];
  return {
    name: target.name,
    kind: 'postgres',
    reachable: true,
    facts: { ...asked.facts, ...(target.probeAs ? { probeAs: observedRole(app) } : {}) },
    ...summed([...asked.found, ...app]),
  };
}

function observedRole(app: readonly Findings[]): string {
  const found = app[0]?.checks.find((c) => c.verdict === 'pass');
  return found?.observed ?? 'see below';
}

function summed(found: readonly Findings[]): Pick<TargetReport, 'problems' | 'warnings'> {
  const checks = found.flatMap((f) => f.checks).filter((c) => c.verdict !== 'pass');
  return {
    problems: checks.map((c) => `${c.name}: ${c.observed}`),
    warnings: found.flatMap((f) => f.warnings ?? []),
  };
}
