import type { ClientSession } from 'mongodb';
import { paceWords } from '../../backup/pace';
import { dumpCollection, type Dumped } from './dump-collection';
import { dataPath, type Work } from './taking';

/** Every collection, one after the other; in one snapshot where a session of one is given. `ending`: of the files' names. */
export async function dumpAll(
  work: Work,
  signal: AbortSignal,
  ending: string,
  session: ClientSession | undefined,
): Promise<ReadonlyMap<string, Dumped>> {
  const { context, link, compression, options } = work;
  const names = work.infos.filter(({ type }) => type === 'collection').map(({ name }) => name);
  const counts = await Promise.all(names.map((name) => link.db.collection(name).estimatedDocumentCount()));
  const total = counts.reduce((sum, count) => sum + count, 0);
  const from = performance.now();
  let done = 0;
  const dumped = new Map<string, Dumped>();
  for (const name of names) {
    signal.throwIfAborted();
    const onDocuments = (more: number): void => {
      done += more;
      const pace = paceWords({ done, total, ms: performance.now() - from, unit: 'documents' });
      context.progress({ doing: `dumping ${options.target.name}, ${name} (${pace})`, done, total, unit: 'documents' });
    };
    const path = dataPath(work, name) + ending;
    dumped.set(name, await dumpCollection({ db: link.db, name, session, path, compression, signal, onDocuments }));
  }
  return dumped;
}
