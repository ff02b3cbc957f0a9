import type { PgSession } from '../../activities/postgres/context';
import { withLink } from '../../activities/postgres/link';
import type { PostgresTarget } from '../../activities/resources';

/** One transaction on a connection of its own, named as an attempt of the tool would be. */
export async function sessionAs<T>(
  target: PostgresTarget,
  asApp: boolean,
  work: (session: PgSession) => Promise<T>,
): Promise<T> {
  return withLink(target, { applicationName: 'cutover/test-plan.0123abcd/1', asApp }, async (session) => {
    await session.execute('BEGIN');
    const answer = await work(session);
    await session.execute('COMMIT');
    return answer;
  });
}
