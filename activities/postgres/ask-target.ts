import type { TargetReport } from '../../src/core/target-report';
import type { RunRef } from '../../src/core/verb';
import type { PostgresTarget, Resources } from '../resources';
import { withLink } from './link';
import { appRoleFindings } from './preflight/environment';
import type { Findings } from '../findings';
import { roleFindings } from './preflight/role';
import { OLDEST_MAJOR, serverFindings, serverVersion, versionFindings } from './preflight/server';

/** Nobody's run: names the connections only. */
const DOCTOR: RunRef = { id: 'doctor', plan: 'doctor', planDigest: 'sha256:', home: '' };

/** Who a PostgreSQL target is, and what of it would stop a run. Reads only. */
export async function askPostgres(
  resources: Resources,
  target: PostgresTarget,
  signal: AbortSignal,
): Promise<TargetReport> {
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
