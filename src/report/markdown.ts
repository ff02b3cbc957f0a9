import { shortDigest } from '../core/json';
import { durationText } from './duration-text';
import type { GateRecord } from './gates';
import { bullet, cell, code, markdownTable } from './markdown-parts';
import type { FreezeRecord } from './freezes';
import type { PhaseRecord, StepRecord } from './step-records';
import type { Timeline } from './timeline';

/** The report for people who were not there: plain markdown, every figure from the ledger. */
export function markdownOf(timeline: Timeline): string {
  return [
    `# ${cell(timeline.plan)} on ${cell(timeline.home)}: ${timeline.outcome}`,
    '',
    '> **UNSIGNED**: names are what the senders said; nothing proves them.',
    ...(timeline.chain.intact
      ? []
      : ['', `> **THE LEDGER IS BROKEN** at row ${timeline.chain.brokenAt}: from there on nothing below is proved.`]),
    '',
    ...factLines(timeline),
    ...section('Phases', markdownTable(['phase', 'began', 'work', 'steps'], timeline.phases.map(phaseRow))),
    ...section('Decisions', timeline.gates.flatMap(gateLines)),
    ...section('Freeze', timeline.freezes.map(freezeLine)),
    ...section('Backup', timeline.backups.flatMap(backupLines)),
    ...section('Rollback', rollbackLines(timeline)),
    ...section('What operators said, and what the run told them', operatorLines(timeline)),
    ...section('Steps', stepTable(timeline)),
    ...section('Failed attempts', failureLines(timeline)),
    '',
  ].join('\n');
}

function factLines({ run, environment, planDigest, endReason, startedAt, lastAt, chain }: Timeline): readonly string[] {
  return [
    bullet('run', code(run)),
    bullet('environment', environment),
    ...(endReason ? [bullet('ended because', cell(endReason))] : []),
    bullet('plan digest', code(planDigest)),
    bullet('from', startedAt),
    bullet('to', `${lastAt} (${durationText(Date.parse(lastAt) - Date.parse(startedAt))})`),
    bullet(
      'ledger',
      `${chain.rows} rows, ${chain.intact ? 'every hash and link verified' : `broken at row ${chain.brokenAt}`}, head ${code(chain.head)}`,
    ),
  ];
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', `## ${title}`, '', ...lines];
}

function phaseRow(phase: PhaseRecord): readonly string[] {
  const passed = phase.steps.filter((s) => s.evidence?.verdict === 'pass').length;
  return [phase.phase, phase.startedAt, durationText(phase.ms), `${passed}/${phase.steps.length} passed`];
}

function gateLines(gate: GateRecord): readonly string[] {
  const waited =
    gate.closedAt === undefined ? '' : `, after ${durationText(Date.parse(gate.closedAt) - Date.parse(gate.openedAt))}`;
  const doubt = gate.evidenceHolds ? '' : ' — **the digest is not that of this material**';
  return [
    `### Gate before ${gate.gate}: ${gate.outcome ?? 'open'}${waited}`,
    '',
    `Opened ${gate.openedAt} on evidence ${code(gate.evidenceDigest)}${doubt}.${gate.why ? ` ${cell(gate.why)}` : ''}`,
    '',
    ...(gate.decisions.length === 0
      ? ['Nobody decided.']
      : markdownTable(
          ['who', 'as', 'decided', 'at', 'by', 'on evidence', 'comment'],
          gate.decisions.map((d) => [
            d.by,
            d.roles.join(', '),
            d.decision,
            d.at,
            d.via,
            code(shortDigest(d.evidenceDigest)),
            d.comment,
          ]),
        )),
    '',
    ...Object.entries(gate.material).map(([name, value]) => bullet(name, cell(value))),
    ...Object.entries(gate.shown).map(([name, value]) => bullet(`${name} (seen)`, cell(value))),
    '',
  ];
}

function freezeLine(freeze: FreezeRecord): string {
  const held =
    freeze.heldMs === undefined ? 'no time is known' : `**held ${freeze.heldMs} ms** of ${freeze.budgetMs ?? '?'} ms`;
  const tries = freeze.tries === undefined ? '' : `, ${freeze.tries === 1 ? 'first try' : `try ${freeze.tries}`}`;
  const swept =
    freeze.sweptRows === undefined
      ? ''
      : `; swept ${freeze.sweptRows} rows and ${freeze.sweptMembers ?? 0} memberships`;
  const wait = freeze.lockWaitMs === undefined ? '' : `, of them ${freeze.lockWaitMs} ms waiting for locks`;
  return bullet(
    `${freeze.at} ${freeze.step}${freeze.verb === 'undo' ? ' (back)' : ''}`,
    `${held}${wait}${tries}${swept}; ${freeze.verdict}`,
  );
}

function backupLines(step: StepRecord): readonly string[] {
  return [
    bullet(step.step, cell(step.evidence?.summary ?? 'not finished')),
    ...Object.entries(step.evidence?.figures ?? {}).map(([name, value]) => `  ${bullet(name, cell(String(value)))}`),
  ];
}

function rollbackLines({ rollback }: Timeline): readonly string[] {
  if (!rollback) return [];
  return [
    `Began ${rollback.beganAt}: ${cell(rollback.reason)}`,
    '',
    `${rollback.archivedRows} rows that the old shape cannot hold are in the archive, by their primary keys.`,
    '',
    ...markdownTable(
      ['undone', 'verdict', 'took', 'what'],
      rollback.steps.map((s) => [
        s.step,
        s.evidence?.verdict ?? 'unfinished',
        s.ms === undefined ? '' : durationText(s.ms),
        s.evidence?.summary ?? '',
      ]),
    ),
  ];
}

function operatorLines({ operators }: Timeline): readonly string[] {
  return operators.length === 0
    ? []
    : markdownTable(
        ['at', 'who', 'word', 'step', 'why'],
        operators.map((o) => [o.at, o.by, o.word, o.step ?? '', o.comment]),
      );
}

function stepTable({ phases }: Timeline): readonly string[] {
  const steps = phases.flatMap((phase) => phase.steps);
  return steps.length === 0
    ? []
    : markdownTable(
        ['step', 'round', 'verdict', 'took', 'in SQL', 'what', 'row'],
        steps.map((s) => [
          s.step,
          String(s.round),
          s.evidence?.verdict ?? 'unfinished',
          s.ms === undefined ? '' : durationText(s.ms),
          s.sqlMs === undefined ? '' : durationText(s.sqlMs),
          s.evidence?.summary ?? '',
          s.hash === undefined ? '' : code(shortDigest(s.hash)),
        ]),
      );
}

function failureLines({ phases, rollback }: Timeline): readonly string[] {
  const steps = [...phases.flatMap((phase) => phase.steps), ...(rollback?.steps ?? [])];
  return steps.flatMap((s) =>
    s.failures.map((f) => bullet(`${f.at} ${s.step} (${s.verb}, round ${s.round})`, `${f.type}: ${cell(f.message)}`)),
  );
}
