import { targetOf } from '../target-of';
import { evidenceOf, expectEqual, type Check } from '../../src/core/evidence';
import { CutoverError } from '../../src/core/failure';
import { digestOf } from '../../src/core/json';
import type { LivePreview, LivePreviewInput } from '../../src/core/live-preview';
import type { CompiledPlan } from '../../src/core/plan';
import type { Actor } from '../../src/core/tenancy-args';
import type { StepOf } from '../../src/core/step';
import type { Db } from 'mongodb';
import { startPulse, type Pulse } from '../heartbeat';
import type { MongoTarget, Resources } from '../resources';
import { expectations } from './expected';
import { appName } from './lane/claim';
import { claims } from './lane/documents';
import { withLink } from './link';
import type { MongoLink } from './session';
import { preflight } from './steps/preflight';

/** Every question of the preflight, and what each step would meet. Claims nothing, captures nothing, writes nothing. */
export async function previewLive(resources: Resources, { plan }: LivePreviewInput): Promise<LivePreview> {
  using pulse = startPulse();
  const step = plan.steps.find((s) => s.kind === 'preflight');
  if (step?.kind !== 'preflight') throw new CutoverError('Misconfigured', `Plan "${plan.name}" has no preflight step.`);
  const home = targetOf(resources, plan.home, 'mongodb');
  const run = { id: `${plan.name}.preview`, plan: plan.name, planDigest: digestOf(plan), home: plan.home };
  const options = { appName: appName(run, 'preview'), readOnly: true, signal: pulse.signal };
  return await withLink(home, options, async (link) => {
    const asked = await preflight(resources, { ...question(pulse, link, home, step), run }, link.db);
    const checks = [await claimCheck(link.lane, plan), ...asked.checks];
    const failed = checks.filter((c) => c.verdict !== 'pass').length;
    const summary = `${checks.length - failed} of ${checks.length} checks pass`;
    return {
      evidence: { ...evidenceOf(summary, checks, asked.figures), summary },
      expected: await expectations(link.db, plan, pulse.signal),
    };
  });
}

/** Captures are read and thrown away: a dry run leaves nothing behind. */
function question(pulse: Pulse, { db, lane }: MongoLink, home: MongoTarget, step: StepOf<'preflight'>) {
  const read = <T>(work: (db: Db) => Promise<T>, as: Actor = 'owner'): Promise<T> =>
    as === 'owner'
      ? work(db)
      : withLink(home, { appName: 'cutover/preview', asApp: true, readOnly: true, signal: pulse.signal }, (link) =>
          work(link.db),
        );
  return {
    args: step.args,
    step,
    lane,
    signal: pulse.signal,
    progress: pulse.progress,
    capture: <T>(_name: string, take: () => Promise<T>): Promise<T> => take(),
    read,
  };
}

async function claimCheck(lane: Db, plan: CompiledPlan): Promise<Check> {
  const expected = 'claimed by nobody';
  const claim = await claims(lane).findOne({ _id: plan.home });
  const observed = claim?.run
    ? `claimed by run ${claim.run}; wait for its end, or \`cutover release\` it if it is dead`
    : expected;
  return expectEqual('claim', expected, observed);
}
