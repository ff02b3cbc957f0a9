import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CutoverError } from '../../../src/core/failure';
import { canonical } from '../../../src/core/json';
import { syncFolder } from '../../backup/files';
import type { MongoContext } from '../context';
import { fingerprint } from '../fingerprint';
import { appName } from '../lane/claim';
import { openLink } from '../link';
import { clusterTimeText, dateOf } from './cluster-time';
import { collectionsToDump, metadataText, readCollections } from './collections';
import { chooseCompression, restoreWords } from './compression';
import { describeAll } from './describe-all';
import { dumpAll } from './dump-all';
import { dumpAndReplay } from './dump-and-replay';
import { MANIFEST_FILE } from '../../backup/stored';
import type { Manifest } from './manifest';
import { readServer } from './server';
import { holdsSnapshots, snapshotLost, snapshotTime } from './snapshot';
import { writeText, type TakeOptions, type Taken, type Work } from './taking';
import { exportUsers } from './users-export';

/**
 * One backup in mongodump's layout, brought to one instant, and a manifest of it all. The manifest is written last, so
 * a folder without one is not a backup.
 */
export async function takeBackup(context: MongoContext, options: TakeOptions): Promise<Manifest> {
  const { run, signal } = context;
  await using link = await openLink(options.target, { appName: appName(run, 'dump'), signal });
  const work: Work = {
    context,
    options,
    link,
    infos: await collectionsToDump(link.db, options.exclude),
    compression: await chooseCompression(),
    folder: join(options.folder, link.db.databaseName),
  };
  await mkdir(work.folder, { mode: 0o700 });
  const taken = await dumpAtOneInstant(work);
  await refuseChangedShape(work);
  const collections = await describeAll(work, taken);
  await syncFolder(work.folder);
  const users = await exportUsers(link.db);
  const usersFile = await writeText(join(options.folder, USERS_FILE), users.text);
  const manifest: Manifest = {
    version: 1,
    tool: 'cutover',
    run: context.run.id,
    step: context.step.id,
    createdAt: new Date().toISOString(),
    database: link.db.databaseName,
    server: { ...(await readServer(link.db)), fingerprint: await fingerprint(link) },
    consistency: taken.consistency,
    takenAt: dateOf(taken.at),
    compression: work.compression.kind,
    restoreWith: restoreWords(work.compression.kind, link.db.databaseName),
    excluded: [...options.exclude].sort(),
    collections,
    users: { file: USERS_FILE, ...usersFile, scope: users.scope },
  };
  await writeText(join(options.folder, MANIFEST_FILE), canonical(manifest));
  return manifest;
}

const USERS_FILE = 'users.json';

async function dumpAtOneInstant(work: Work): Promise<Taken> {
  const { context, link } = work;
  if (!(await holdsSnapshots(link.client, link.lane, context.run.id))) return dumpAndReplay(work);
  try {
    return await dumpSnapshot(work);
  } catch (error) {
    if (!snapshotLost(error)) throw error;
    context.log.warn('the server gave up the snapshot before the dump was done; it is taken again with its changes');
    await rm(work.folder, { recursive: true, force: true });
    await mkdir(work.folder, { mode: 0o700 });
    return dumpAndReplay(work);
  }
}

async function dumpSnapshot(work: Work): Promise<Taken> {
  await using session = work.link.client.startSession({ snapshot: true });
  const dumped = await dumpAll(work, work.context.signal, '', session);
  const at = snapshotTime(session);
  if (at === undefined) throw new CutoverError('Refused', 'The server did not say which instant its snapshot is of.');
  const words = 'all collections were read at one instant, by snapshot reads';
  return {
    at,
    infos: work.infos,
    dumped,
    consistency: {
      how: 'snapshot',
      clusterTime: clusterTimeText(at),
      words,
      changes: 0,
      documentsChanged: 0,
      rounds: 0,
    },
  };
}

/** An index or validator that came or went during the dump would be of another moment than the documents. */
async function refuseChangedShape({ link, options, infos }: Work): Promise<void> {
  const now = new Map((await readCollections(link.db, options.exclude)).map((info) => [info.name, metadataText(info)]));
  const changed = infos.filter((info) => now.get(info.name) !== metadataText(info)).map(({ name }) => name);
  if (changed.length === 0) return;
  throw new CutoverError(
    'Blocked',
    `Indexes, options or the collection itself changed while the dump ran (${changed.slice(0, 3).join(', ')}); try again when nobody changes collections.`,
  );
}
