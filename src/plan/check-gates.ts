import { GATED_IN_PRODUCTION } from '../core/phase';
import type { CheckInput, Finding } from './finding';
import { formatDuration } from './durations';
import type { PathPart } from './problem';
import type { PlanFile } from './schema/plan';

/** PostgreSQL's own default; the fence must give up first, so that it is never the application that is ended. */
const DEADLOCK_TIMEOUT_MS = 1000;

/** Longer than this is an outage with a plan, not a freeze. */
const LONGEST_BUDGET_MS = 60_000;

/** Where writes are refused, people were told of the hours; reads go on. */
const LONGEST_REFUSAL_MS = 4 * 60 * 60_000;

/** Gates, the freeze, and what follows failures. */
export function checkGates({ plan, source }: CheckInput): readonly Finding[] {
  const unsaid = source.sourceOf(['freeze', 'budget']) === undefined;
  return [...gates(plan), ...freeze(plan), ...(unsaid ? howLong(plan) : []), ...failures(plan)];
}

function gates(plan: PlanFile): readonly Finding[] {
  const findings: Finding[] = [];
  const given = plan.gates as Readonly<Record<string, PlanFile['gates']['expand']>>;
  for (const phase of plan.environment === 'production' ? GATED_IN_PRODUCTION : []) {
    if (given[phase]) continue;
    const expected = `gates before ${GATED_IN_PRODUCTION.join(', ')} in a production plan`;
    findings.push({
      at: ['gates'],
      found: `no gate before ${phase}`,
      expected,
      fix: `${phase}: { require: [{ role: lead, count: 1 }] }`,
    });
  }
  for (const [phase, gate] of Object.entries(given)) {
    if (!gate) continue;
    const at: readonly PathPart[] = ['gates', phase];
    gate.require.forEach((requirement, i) => {
      if (gate.require.findIndex((r) => r.role === requirement.role) === i) return;
      const fix = `one entry { role: ${requirement.role}, count: ... }`;
      findings.push({
        at: [...at, 'require', i],
        found: `the role ${requirement.role} a second time`,
        expected: 'every role once, with its count',
        fix,
      });
    });
    if (gate.window && gate.window.from === gate.window.to) {
      findings.push({
        at: [...at, 'window'],
        found: `a window from ${gate.window.from} to ${gate.window.to}, which never opens`,
        expected: 'an end that is not the begin',
        fix: 'another end, or no window where the whole day is meant',
      });
    }
    if (gate.backupMaxAge !== undefined && phase === 'backup') {
      findings.push({
        at: [...at, 'backupMaxAge'],
        found: 'an age of a backup before there is one',
        expected: 'backupMaxAge at a later gate',
        fix: 'move it to the gate of expand or cutover',
      });
    }
    if (gate.onExpiry === 'rollback' && phase === 'contract' && plan.environment === 'production') {
      findings.push({
        at: [...at, 'onExpiry'],
        found: 'a rollback of a cutover that nobody decided on',
        expected: 'hold: what the new application wrote since would go into the archive because somebody was away',
        fix: 'hold',
      });
    }
  }
  return findings;
}

function freeze({ freeze: spec, phases }: PlanFile): readonly Finding[] {
  const findings: Finding[] = [];
  const say: Say = (field, value, expected, fix) => {
    findings.push({ at: ['freeze', field], found: formatDuration(value), expected, fix });
  };
  if (spec.fence === 'refuse') {
    if (spec.budget > LONGEST_REFUSAL_MS)
      say('budget', spec.budget, 'at most 4h: the application is refused for all of it', '30m');
    if (spec.quietFor >= spec.budget)
      say(
        'quietFor',
        spec.quietFor,
        `less than the budget of ${formatDuration(spec.budget)}, which it is part of`,
        '1s',
      );
  } else {
    queue(spec, say);
  }
  if (phases.observe.every > phases.observe.for) {
    const expected = `at most the ${formatDuration(phases.observe.for)} that observe lasts`;
    findings.push({
      at: ['phases', 'observe', 'every'],
      found: formatDuration(phases.observe.every),
      expected,
      fix: formatDuration(Math.max(1, Math.floor(phases.observe.for / 10))),
    });
  }
  return findings;
}

/** The default is for locks that are held for milliseconds; here a build restarts in it. */
function howLong({ engine, freeze: spec }: PlanFile): readonly Finding[] {
  if (engine !== 'mongodb' || spec.fence !== 'refuse') return [];
  return [
    {
      at: ['freeze', 'budget'],
      found: 'nothing',
      expected:
        'how long writes may be refused at most: from the fence to the opening, with the restart of a build in it',
      fix: '10m',
    },
  ];
}

type Say = (field: string, value: number, expected: string, fix: string) => void;

function queue(spec: PlanFile['freeze'], say: Say): void {
  if (spec.stall >= DEADLOCK_TIMEOUT_MS) {
    say(
      'stall',
      spec.stall,
      "less than 1s, PostgreSQL's deadlock_timeout: the freeze must give up before the server ends somebody's transaction",
      '100ms',
    );
  }
  if (spec.budget <= spec.stall)
    say(
      'budget',
      spec.budget,
      `more than the stall of ${formatDuration(spec.stall)}, which is part of it`,
      formatDuration(Math.max(2000, spec.stall * 2)),
    );
  if (spec.budget > LONGEST_BUDGET_MS)
    say('budget', spec.budget, 'at most 60s: the application stands still for all of it', '2s');
  if (spec.patience < spec.budget)
    say('patience', spec.patience, `at least the budget of ${formatDuration(spec.budget)}: time for one try`, '60s');
}

function failures({ phases, rollback }: PlanFile): readonly Finding[] {
  const { breach } = phases.observe;
  const findings: Finding[] = [];
  if (breach.failures > breach.of) {
    findings.push({
      at: ['phases', 'observe', 'breach', 'failures'],
      found: `${breach.failures} failures of ${breach.of}`,
      expected: `at most ${breach.of}, or a breach could never be`,
      fix: String(breach.of),
    });
  }
  const said = rollback.onFailure.observe;
  const meant = breach.then === 'rollback' ? 'rollback' : 'hold';
  if (said !== undefined && said !== meant) {
    findings.push({
      at: ['rollback', 'onFailure', 'observe'],
      found: `${said}, while phases.observe.breach.then is ${breach.then}`,
      expected: 'one answer to a breach',
      fix: `${meant}, or change the other`,
    });
  }
  return findings;
}
