import type { Binary, Document, MongoClient } from 'mongodb';

/**
 * Ends a server session of the tool's own user: its transaction is rolled back, what runs in it is interrupted. A user
 * may end his own sessions without any privilege.
 */
export async function endSession(client: MongoClient, session: Binary): Promise<void> {
  await client
    .db('admin')
    .command({ killSessions: [{ id: session }] })
    .catch(() => undefined);
}

/**
 * Ends what earlier attempts of the run left running, found by the name of their clients. An index build goes on: it may
 * be nearly done and its step looks for it. Where the server shows no operations, or does not let the tool end them, the
 * token alone keeps the late ones out: their transactions commit nothing, and a late window of stamping is harmless.
 *
 * `below`: only attempts with a lower token; undefined = all of them.
 */
export async function endOlderWork(client: MongoClient, prefix: string, below: string | undefined): Promise<void> {
  await endWork(client, (name) => {
    if (!name.startsWith(prefix)) return false;
    const token = name.slice(prefix.length);
    return /^[0-9]+$/.test(token) && (below === undefined || Number(token) < Number(below));
  });
}

export async function endWork(client: MongoClient, isLeftover: (appName: string) => boolean): Promise<void> {
  for (const op of await operations(client)) {
    if (!isLeftover(nameOf(op)) || isIndexBuild(op)) continue;
    const session = op['lsid'] as { readonly id?: Binary } | undefined;
    if (op['type'] === 'idleSession' && session?.id) await endSession(client, session.id);
    else if (op['opid'] !== undefined)
      await client
        .db('admin')
        .command({ killOp: 1, op: op['opid'] })
        .catch(() => undefined);
  }
}

/** Of every user where the tool may see them, else its own; none where the server cannot tell. */
async function operations(client: MongoClient): Promise<readonly Document[]> {
  const own = { $currentOp: { allUsers: false, idleSessions: true } };
  const admin = client.db('admin');
  try {
    const listed = await admin.aggregate([own], { readConcern: { level: 'local' } }).toArray();
    if (listed.some((op) => op['opid'] !== undefined)) return listed;
    const answer = await admin.command({ currentOp: 1, $ownOps: true });
    return answer['inprog'] as readonly Document[];
  } catch {
    return [];
  }
}

function nameOf(op: Document): string {
  const metadata = op['clientMetadata'] as { readonly application?: { readonly name?: string } } | undefined;
  return (op['appName'] as string | undefined) ?? metadata?.application?.name ?? '';
}

function isIndexBuild(op: Document): boolean {
  const command = (op['command'] ?? op['originatingCommand'] ?? {}) as Document;
  return 'createIndexes' in command || /index build/i.test(`${op['desc'] ?? ''} ${op['msg'] ?? ''}`);
}
