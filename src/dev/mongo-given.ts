import { MongoClient, type Document } from 'mongodb';

export interface GivenMongo {
  readonly rootUri: string;
  readonly version: string;
  readonly name: string;
}

/**
 * The server of `MONGODB_URI`, used as it is.
 *
 * @throws when it does not answer, is no replica set, or the user is not root; the message does not carry the URI.
 */
export async function givenMongo(rootUri: string): Promise<GivenMongo> {
  const client = new MongoClient(rootUri, { appName: 'cutover-dev', serverSelectionTimeoutMS: 10_000 });
  try {
    await client.connect();
    const admin = client.db('admin');
    const hello = await admin.command({ hello: 1 });
    if (hello.setName === undefined)
      throw new Refused(
        'is no replica set, which transactions and change streams need; start it with --replSet and run rs.initiate()',
      );
    if (!isRoot(await admin.command({ connectionStatus: 1 })))
      throw new Refused('is not opened by a user with the role root; the users of the example could not be made');
    const { version, secantusVersion } = (await admin.command({ buildInfo: 1 })) as Record<string, string>;
    const name = secantusVersion === undefined ? `MongoDB ${version ?? ''}` : `SecantusDB ${secantusVersion}`;
    return { rootUri, version: version ?? '', name };
  } catch (error) {
    const why = error instanceof Refused ? error.message : `does not answer (${nameOf(error)})`;
    throw new Error(`The server of MONGODB_URI ${why}. Mend it, or unset MONGODB_URI to have one started.`);
  } finally {
    await client.close();
  }
}

class Refused extends Error {}

function isRoot(status: Document): boolean {
  const { authenticatedUserRoles = [] } = status.authInfo as { authenticatedUserRoles?: readonly { role: string }[] };
  return authenticatedUserRoles.some(({ role }) => role === 'root' || role === '__system');
}

/** The error's name and code only: a driver's message can carry host names and parts of the URI. */
function nameOf(error: unknown): string {
  const { name, code } = error as { name?: unknown; code?: unknown };
  return [name, code].filter((part) => part !== undefined).join(' ');
}
