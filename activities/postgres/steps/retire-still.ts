import type { PgContext } from '../context';
import type { Forgotten } from '../forgotten';
import { refused } from '../pg-error';

type Context = PgContext<'retire'>;

/** The counters as they were at the beginning of a time in which they must not move. */
interface Since {
  readonly forgotten: Forgotten;
  /** How long they have stood; absent for observe's own capture, which was watched for as long as the plan says. */
  readonly forMs?: number;
}

/**
 * One application that still forgets the key would from now on write rows that nobody sees, or be refused. A refusal
 * begins to count anew, so that a retry after the application was mended passes once as much time as observe lasts has gone by.
 */
export async function refuseUnlessStill(context: Context, now: Forgotten): Promise<void> {
  const { baseline, stillForMs = 0 } = context.args;
  if (!baseline) {
    throw refused(
      'Nothing was captured when observe began, so nobody can say whether the application still forgets the key; keep the stamping (`contract.keepStamping: <reason>`).',
    );
  }
  const since = await newest(context, await context.captured<Forgotten>(baseline));
  const moved = movement(since.forgotten, now);
  if (moved === undefined) {
    if (since.forMs === undefined || since.forMs >= stillForMs) return;
    throw refused(
      `No row has come without its key for ${minutes(since.forMs)}, and ${minutes(stillForMs)} are asked for, as long as observe lasts; \`cutover retry\` in ${minutes(stillForMs - since.forMs)}.`,
    );
  }
  await beginAnew(context, now);
  throw refused(
    `${moved}. The counting begins anew now: let the application write the key everywhere, then \`cutover retry\` in ${minutes(stillForMs)}; or \`cutover skip\` this step, which keeps the stamping.`,
  );
}

function movement(then: Forgotten, now: Forgotten): string | undefined {
  if (then.serverStart !== now.serverStart) {
    return `The server was restarted since the counting began (${then.serverStart}, now ${now.serverStart}), which may move the counters`;
  }
  const moved = Object.entries(now.tables).filter(([table, n]) => n !== (then.tables[table] ?? 0));
  if (moved.length === 0) return undefined;
  const said = moved.map(([table, n]) => `${table}: ${n - (then.tables[table] ?? 0)}`).join(', ');
  return `The application still wrote rows without their key since observe began (${said})`;
}

async function newest(context: Context, captured: Forgotten): Promise<Since> {
  const [row] = await context.read((session) =>
    session.query<{ value: Forgotten; ms: number }>(
      `SELECT value, extract(epoch FROM clock_timestamp() - at)::float8 * 1000 AS ms
         FROM cutover.progress WHERE run_id = $1 AND step = $2 AND name = 'forgotten'`,
      [context.run.id, context.step.id],
    ),
  );
  return row ? { forgotten: row.value, forMs: row.ms } : { forgotten: captured };
}

async function beginAnew(context: Context, now: Forgotten): Promise<void> {
  await context.transaction((tx) =>
    tx.execute(
      `INSERT INTO cutover.progress (run_id, step, name, value, at) VALUES ($1, $2, 'forgotten', $3, clock_timestamp())
       ON CONFLICT (run_id, step, name) DO UPDATE SET value = EXCLUDED.value, at = EXCLUDED.at`,
      [context.run.id, context.step.id, JSON.stringify(now)],
    ),
  );
}

function minutes(ms: number): string {
  return ms < 60_000 ? `${Math.ceil(ms / 1000)} s` : `${Math.ceil(ms / 60_000)} min`;
}
