import { CutoverError } from '../../../src/core/failure';
import type { RestoreAnswer } from '../../../src/core/restore';
import type { Pulse } from '../../heartbeat';
import type { MongoLink } from '../session';
import { keepList, listFile, listLost, readList } from './list';
import { isHalfDone, readMarker, underWayWords } from './marker';
import type { Source } from './source';

/** The list, kept as a file beside the backup. Changes nothing in any database. */
export async function show(asked: {
  readonly link: MongoLink;
  readonly source: Source;
  readonly pulse: Pulse;
}): Promise<RestoreAnswer> {
  const { link, source, pulse } = asked;
  const { run, backup } = source;
  const marker = await readMarker(link.lane, run.home);
  if (isHalfDone(marker)) {
    // What lies there is half of two databases: only the list that was approved says anything.
    if (marker.run !== run.id) throw new CutoverError('Refused', underWayWords(marker));
    const { lost } = marker;
    const list = await readList(backup.path, lost);
    return { run: run.id, lost, list, file: listFile(backup.path, lost), underWay: underWayWords(marker) };
  }
  const list = await listLost({
    ...{ link, source, signal: pulse.signal },
    onCollection: (done, total) => {
      pulse.signal.throwIfAborted();
      pulse.progress({ doing: 'comparing the database with the backup', done, total, unit: 'collections' });
    },
  });
  const underWay = marker?.state === 'fenced' ? { underWay: underWayWords(marker) } : {};
  return { run: run.id, list, ...(await keepList(backup.path, list)), ...underWay };
}
