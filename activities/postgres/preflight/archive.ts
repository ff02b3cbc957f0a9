import type { RunRef } from '../../../src/core/verb';
import { keptArchives, type KeptArchive } from '../archives';
import type { PgSession } from '../context';
import { check, type Findings } from '../../findings';

/** Whether an earlier run of this plan was rolled back and what it kept; nobody should find out afterwards. */
export async function archiveFindings(session: PgSession, redo: string, run: RunRef): Promise<Findings> {
  const kept = await keptArchives(session, run);
  const [newest] = kept;
  if (redo === 'none') {
    const warnings = kept.map(
      (k) => `${described(k)}; this plan does not put it back: tenancy.redo: ${k === newest ? 'latest' : k.run} would`,
    );
    return { checks: [], warnings };
  }
  if (redo === 'latest') {
    const warnings = newest
      ? [
          `${described(newest)}; it will be put back (tenancy.redo: latest)`,
          ...kept.slice(1).map((k) => `${described(k)}; it stays where it is`),
        ]
      : [`no run of ${run.plan} left an archive: tenancy.redo: latest has nothing to put back`];
    return { checks: [], warnings };
  }
  const chosen = kept.find((k) => k.run === redo);
  const others = kept.map((k) => k.run).join(', ') || 'none';
  const problems = chosen
    ? []
    : [`there is none of run ${redo} (there are: ${others}); correct tenancy.redo in the plan`];
  return {
    checks: [check('archive', `one of run ${redo}`, problems)],
    warnings: chosen ? [`${described(chosen)}; it will be put back (tenancy.redo)`] : [],
  };
}

function described({ run, rows, tables, at }: KeptArchive): string {
  return `the archive of run ${run}, rolled back ${at}, holds ${rows} rows (${tables})`;
}
