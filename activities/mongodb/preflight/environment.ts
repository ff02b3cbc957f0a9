import type { Db } from 'mongodb';
import { CutoverError, describeError } from '../../../src/core/failure';
import type { RunRef } from '../../../src/core/verb';
import { roomFindings } from '../../backup/room';
import { check, type Findings } from '../../findings';
import type { MongoTarget, Resources } from '../../resources';
import { objectionsToScratch } from '../backup/scratch';
import { fingerprint } from '../fingerprint';
import { appName } from '../lane/claim';
import { withLink } from '../link';

export interface Surroundings {
  readonly resources: Resources;
  readonly run: RunRef;
  readonly signal: AbortSignal;
}

/** Room in the store, and on the server's own disk where it says how much there is. */
export async function storeFindings({ resources }: Surroundings, db: Db, store: string): Promise<Findings> {
  const stats = await db.stats();
  const bytes = Number(stats['dataSize'] ?? 0);
  const found = await roomFindings(resources.store(store), bytes);
  const [total, used] = [Number(stats['fsTotalSize'] ?? 0), Number(stats['fsUsedSize'] ?? 0)];
  if (total === 0)
    return {
      ...found,
      warnings: ['the server does not say how much disk is free: look at it by hand (indexes and the oplog need room)'],
    };
  const free = total - used;
  const needed = bytes;
  const short = free < needed ? [`${Math.round(free / 1e6)} MB are free on the server's disk; make room`] : [];
  return {
    ...found,
    checks: [
      ...found.checks,
      check('disk of the server', `${Math.round(needed / 1e6)} MB for indexes and changes`, short),
    ],
  };
}

/** Whether the drill will find a database that it may empty. */
export async function scratchFindings(
  { resources, run, signal }: Surroundings,
  scratch: MongoTarget,
): Promise<Findings> {
  const options = { appName: appName(run, 'drill'), readOnly: true, signal };
  const problems = await answers(signal, () =>
    withLink(scratch, options, async (link) =>
      (await objectionsToScratch(resources, { run, scratch, link, signal })).map(
        (o) => `${o}; give an empty database of its own as "${scratch.name}" in cutover.config.yaml`,
      ),
    ),
  );
  return { checks: [check('scratch', `"${scratch.name}" is a database of its own that a drill may empty`, problems)] };
}

/** The application's own user, on the very database of the tool: rights it must have, and rights that make proofs worthless. */
export async function appUserFindings(
  { run, signal }: Surroundings,
  home: MongoTarget,
  print: string,
): Promise<Findings> {
  if (!home.probeAs) {
    const none = `"${home.name}" has no probeAs; give the connection string of the application's own user in cutover.config.yaml`;
    return { checks: [check('application user', `probeAs of "${home.name}"`, [none])] };
  }
  let who = '';
  const problems = await answers(signal, () =>
    withLink(home, { appName: appName(run, 'app'), asApp: true, readOnly: true, signal }, async (link) => {
      const { authInfo } = (await link.db.command({ connectionStatus: 1, showPrivileges: true })) as unknown as Status;
      const [user] = authInfo.authenticatedUsers;
      who = user ? `${user.user}@${user.db}` : 'nobody';
      const roles = (authInfo.authenticatedUserRoles ?? []).map((r) => r.role);
      const mighty = roles.filter((role) => MIGHTY.includes(role));
      const bypass = (authInfo.authenticatedUserPrivileges ?? []).some((p) =>
        p.actions.includes('bypassDocumentValidation'),
      );
      return [
        ...((await sameDatabase(link, print)) ? [] : ['it is connected to another database than the tool']),
        ...mighty.map(
          (role) => `${who} has the role ${role}: a fence proves nothing on it; give the application a user of its own`,
        ),
        ...(bypass && mighty.length === 0 ? [`${who} may bypass validators: take bypassDocumentValidation away`] : []),
      ];
    }),
  );
  return { checks: [check('application user', `an ordinary user on the database of "${home.name}"`, problems, who)] };
}

const MIGHTY = ['root', 'dbOwner', '__system', 'readWriteAnyDatabase', 'userAdminAnyDatabase', 'restore'];

interface Status {
  readonly authInfo: {
    readonly authenticatedUsers: readonly { readonly user: string; readonly db: string }[];
    readonly authenticatedUserRoles?: readonly { readonly role: string; readonly db: string }[];
    readonly authenticatedUserPrivileges?: readonly { readonly actions: readonly string[] }[];
  };
}

/** The application may not ask for the set's configuration: then the set's name and the database's must do. */
async function sameDatabase(link: Parameters<typeof fingerprint>[0], print: string): Promise<boolean> {
  const own = await fingerprint(link);
  return own === print || own.split('/').at(-1) === print.split('/').at(-1);
}

async function answers(signal: AbortSignal, work: () => Promise<readonly string[]>): Promise<readonly string[]> {
  try {
    return await work();
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof CutoverError) return [describeError(error)];
    throw error;
  }
}
