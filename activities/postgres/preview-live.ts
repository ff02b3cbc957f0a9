import { targetOf } from '../target-of';
import { evidenceOf, expectEqual, type Check } from '../../src/core/evidence';
import { CutoverError } from '../../src/core/failure';
import { digestOf } from '../../src/core/json';
import type { LivePreview, LivePreviewInput } from '../../src/core/live-preview';
import type { CompiledPlan } from '../../src/core/plan';
import type { Actor } from '../../src/core/tenancy-args';
import type { StepOf } from '../../src/core/step';
import { startPulse, type Pulse } from '../heartbeat';
import type { PostgresTarget, Resources } from '../resources';
import type { PgSession } from './context';
import { expectations } from './expected';
import { applicationName } from './lane/claim';
import { withLink } from './link';
import { once } from '../findings';
import { allowed } from './preflight/forbidden';
import { preflight } from './steps/preflight';

/** Every question of the preflight, and what each step would meet. Claims nothing, captures nothing, writes nothing. */
export async function previewLive(resources: Resources, { plan }: LivePreviewInput): Promise<LivePreview> {
  using pulse = startPulse();
  const step = plan.steps.find((s) => s.kind === 'preflight');
  if (step?.kind !== 'preflight') throw new CutoverError('Misconfigured', `Plan "${plan.name}" has no preflight step.`);
  const home = targetOf(resources, plan.home, 'postgres');
  const run = { id: `${plan.name}.preview`, plan: plan.name, planDigest: digestOf(plan), home: plan.home };
  const options = { applicationName: applicationName(run, 'preview'), readOnly: true, ...LONG, signal: pulse.signal };
  return await withLink(home, options, async (session) => {
    const asked = await preflight(resources, { ...question(pulse, session, home, step), run }, session);
    const claim = await allowed(async () => ({ checks: [await claimCheck(session, plan)] }));
    const checks = once([...claim.checks, ...asked.checks]);
    const failed = checks.filter((c) => c.verdict !== 'pass').length;
    const summary = `${checks.length - failed} of ${checks.length} checks pass`;
    return {
      evidence: { ...evidenceOf(summary, checks, asked.figures), summary },
      expected: await expectations(session, plan),
    };
  });
}

/** Captures are read and thrown away: a dry run leaves nothing behind. */
function question(pulse: Pulse, session: PgSession, home: PostgresTarget, step: StepOf<'preflight'>) {
  const read = <T>(work: (session: PgSession) => Promise<T>, as: Actor = 'owner'): Promise<T> =>
    as === 'owner'
      ? work(session)
      : withLink(home, { applicationName: 'cutover/preview', asApp: true, ...LONG, signal: pulse.signal }, work);
  return {
    args: step.args,
    step,
    signal: pulse.signal,
    progress: pulse.progress,
    capture: <T>(_name: string, take: () => Promise<T>): Promise<T> => take(),
    read,
  };
}

async function claimCheck(session: PgSession, plan: CompiledPlan): Promise<Check> {
  const expected = 'claimed by nobody';
  const [lane] = await session.query<{ there: boolean }>(`SELECT to_regclass('cutover.claim') IS NOT NULL AS there`);
  if (lane?.there !== true) return expectEqual('claim', expected, expected);
  const [claim] = await session.query<{ run: string | null }>(
    'SELECT run_id AS run FROM cutover.claim WHERE target = $1',
    [plan.home],
  );
  const observed = claim?.run
    ? `claimed by run ${claim.run}; wait for its end, or \`cutover release\` it if it is dead`
    : expected;
  return expectEqual('claim', expected, observed);
}

/** The watch queries of a plan may be slow: that is what their baselines are for. */
const LONG = { statementTimeoutMs: 120_000 };
