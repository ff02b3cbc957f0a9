import type { FenceAt } from '../runtime/fences';

/** One fence in words: where it stands, since when, who looks after it, what is owed. */
export function fenceLines({ target, found, lateMs, text }: FenceAt): readonly string[] {
  if (!found) return [`${target}: no freeze was ever begun here.`];
  const { state, run, step, spec, until, closedAt, openedAt, openedBy, outcome, watchdog } = found;
  const lines = [`${target}: ${stateText(found)}`, `  run       ${run}, step ${step}`, `  mechanism ${spec.mechanism}`];
  if (closedAt) lines.push(`  closed    ${closedAt.toISOString()}`);
  if (openedAt)
    lines.push(
      `  opened    ${openedAt.toISOString()} to the ${outcome ?? 'old'} shape, by ${openedBy ?? 'nobody said'}`,
    );
  if (state !== 'open') {
    lines.push(
      `  until     ${until.toISOString()} (${lateMs < 0 ? `in ${seconds(-lateMs)}` : `${seconds(lateMs)} ago`})`,
    );
    lines.push(
      `  watchdog  ${watchdog ? `pid ${watchdog.pid} on ${watchdog.host}, last seen ${watchdog.beatAt.toISOString()}` : 'none was started yet'}`,
      `  fence     ${text}`,
    );
  }
  if (!found.settled && found.acts > 0)
    lines.push(
      `  owed      ${found.acts} acts of the switch were begun; \`cutover rollback\` or a retry puts them right`,
    );
  if (!found.settled && found.stopped.length > 0)
    lines.push(`  owed      writers that were stopped: ${found.stopped.join(', ')}`);
  return lines;
}

function stateText({ state, outcome }: NonNullable<FenceAt['found']>): string {
  switch (state) {
    case 'preparing':
      return 'a freeze is being prepared; nothing is closed yet';
    case 'closing':
    case 'closed':
      return "CLOSED: the application's writes are refused";
    case 'switched':
      return 'the switch is committed, and the fence is about to be opened to the new shape';
    case 'opening':
      return 'being opened to the old shape';
    case 'open':
      return `open; the last freeze ended in the ${outcome ?? 'old'} shape`;
  }
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}
