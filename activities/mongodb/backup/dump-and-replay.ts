import { writeOnce } from '../../backup/files';
import { together } from '../../backup/flow';
import { openChanges } from './change-reader';
import { clusterTimeText, markMoment, type ClusterTime } from './cluster-time';
import { collectionsToDump, type CollectionInfo } from './collections';
import { compressInto } from './compression';
import { dumpAll } from './dump-all';
import { keepBase, mergeTouched, type Dumped } from './dump-collection';
import { Replay } from './replay';
import { dataPath, type Taken, type Work } from './taking';

/** Reads the collections one after the other and brings them to one instant by what the change stream tells meanwhile. */
export async function dumpAndReplay(work: Work): Promise<Taken> {
  const { context, link, options } = work;
  const mark = (): Promise<ClusterTime> => markMoment(link.lane, context.run.id);
  const from = await mark();
  await using reader = openChanges(link.db, from);
  const { exclude, maxChangedBytes: maxBytes = MAX_CHANGED_BYTES } = options;
  const replay = new Replay(reader, { mark, exclude, maxBytes });
  const base = await together(context.signal, async (signal, part) => {
    let found: ReadonlyMap<string, Dumped> = new Map();
    const dumping = dumpAll(work, signal, BASE, undefined);
    part(dumping);
    part(replay.during(dumping).then((dumped) => (found = dumped)));
    return () => found;
  });
  context.progress({ doing: `bringing the dump of ${options.target.name} to one instant` });
  const instant = await replay.settle();
  const infos = [...work.infos, ...(await bornMeanwhile(work, instant.touched))];
  const dumped = new Map<string, Dumped>();
  for (const { name, type } of infos) {
    if (type === 'view') continue;
    const path = dataPath(work, name);
    const touched = instant.touched.get(name);
    const before = base.get(name);
    if (touched === undefined && before) {
      await keepBase(path + BASE, path);
      dumped.set(name, before);
      continue;
    }
    if (!before) await emptyBase(work, path + BASE);
    const { compression } = work;
    dumped.set(
      name,
      await mergeTouched({
        base: path + BASE,
        path,
        touched: touched ?? new Map(),
        compression,
        signal: context.signal,
      }),
    );
  }
  const documentsChanged = [...instant.touched.values()].reduce((sum, { size }) => sum + size, 0);
  const words = `dump and replay: the collections were read one after the other from ${clusterTimeText(from)} on, and the documents that changed meanwhile (${documentsChanged}) are as the change stream had them at ${clusterTimeText(instant.at)}; the source was not re-read at one instant`;
  return {
    at: instant.at,
    infos,
    dumped,
    consistency: {
      how: 'replay',
      clusterTime: clusterTimeText(instant.at),
      words,
      changes: instant.changes,
      documentsChanged,
      rounds: instant.rounds,
    },
  };
}

/** What is dumped before it is known what changed meanwhile. */
const BASE = '.base';

const MAX_CHANGED_BYTES = 128e6;

/** Collections that came into being while the dump ran: all of their documents are in the stream. */
async function bornMeanwhile(work: Work, touched: ReadonlyMap<string, unknown>): Promise<readonly CollectionInfo[]> {
  const known = new Set(work.infos.map(({ name }) => name));
  const now = await collectionsToDump(work.link.db, work.options.exclude);
  return now.filter(({ name }) => !known.has(name) && touched.has(name));
}

async function emptyBase({ compression, context }: Work, path: string): Promise<void> {
  await writeOnce(path, async (file) => {
    await compressInto(file, none(), compression, context.signal);
  });
}

async function* none(): AsyncGenerator<Buffer> {
  // no documents
}
