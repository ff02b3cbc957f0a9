import type { Document } from 'mongodb';
import { CutoverError } from '../../src/core/failure';
import { codeOf } from './duplicate-key';
import type { MongoLink } from './session';

/**
 * Which database this is, whatever address led to it: `<replica set id>/<database>`. The id is made once, when the set is
 * initiated, and survives restarts, elections and new members. Two servers started from copies of one disk have the
 * same: they are taken for one, which refuses too much and never too little.
 */
export async function fingerprint({ client, db }: Pick<MongoLink, 'client' | 'db'>): Promise<string> {
  const admin = client.db('admin');
  const id = await replicaSetId(admin);
  return `${id ?? (await membersOf(admin))}/${db.databaseName}`;
}

type Admin = ReturnType<MongoLink['client']['db']>;

/** Undefined where the tool's user may not ask: the action is replSetGetConfig, part of the role clusterMonitor. */
async function replicaSetId(admin: Admin): Promise<string | undefined> {
  try {
    const { config } = await admin.command({ replSetGetConfig: 1 });
    const id = ((config as Document | undefined)?.['settings'] as Document | undefined)?.['replicaSetId'] as unknown;
    return id === undefined ? undefined : String(id);
  } catch (error) {
    if ([13, 26, 59, 76, 94].includes(codeOf(error) ?? 0)) return undefined;
    throw error;
  }
}

/** The set's name and its members' own addresses, which a proxy cannot change: another member makes another fingerprint. */
async function membersOf(admin: Admin): Promise<string> {
  const hello = (await admin.command({ hello: 1 })) as {
    readonly setName?: string;
    readonly hosts?: readonly string[];
  };
  if (hello.setName === undefined)
    throw new CutoverError(
      'Refused',
      'This MongoDB server is no replica set: without one it has no transactions. Start it with --replSet and run rs.initiate(), then try again.',
    );
  return `${hello.setName}:${[...(hello.hosts ?? [])].sort().join(',')}`;
}
