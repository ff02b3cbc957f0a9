import { spawn } from 'node:child_process';
import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { digestCollection } from '../../../activities/mongodb/backup/compare';
import { chooseCompression } from '../../../activities/mongodb/backup/compression';
import { dumpCollection } from '../../../activities/mongodb/backup/dump-collection';
import { findProgram } from '../../../activities/backup/find-program';
import { COLLECTION } from '../mongo/documents';
import { Place } from '../mongo/place';
import type { Bench, Line, Measured, Row } from '../row';
import { median, times } from '../stats';

/** The tool's dump of a collection against a plain loop of the driver, and against mongodump where there is one. */
export const mongoDumpRow: Row = {
  id: 'mongo-dump',
  engine: 'mongodb',
  title: 'Raw dump and digest',
  measure: async (bench) => {
    const { documents, repeats } = bench.options.mongo;
    await using place = await Place.open({ bench, name: 'dump', documents });
    const folder = bench.runDir.file('mongo-dumps');
    await mkdir(folder, { recursive: true });
    const stock = await findProgram('mongodump');
    await decodedLoop(place); // warm: every document read once
    const taken: Taken[] = [];
    for (let n = 0; n < Math.max(2, repeats); n++)
      taken.push({
        decoded: await seconds(() => decodedLoop(place)),
        dump: await seconds(() => ownDump(place, folder)),
        digest: await seconds(() => digestCollection(place.db, COLLECTION)),
        ...(stock === undefined ? {} : { stock: await seconds(() => stockDump(stock, place, folder)) }),
      });
    return report({ bench, taken, bytes: await sizeOf(place, folder), kind: (await chooseCompression()).kind });
  },
};

/** Seconds. */
interface Taken {
  readonly decoded: number;
  readonly dump: number;
  readonly digest: number;
  readonly stock?: number;
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await work();
  return (performance.now() - from) / 1000;
}

/** What one would write without thinking of it: every document as an object, none of them kept. */
async function decodedLoop({ collection, documents }: Place): Promise<void> {
  let seen = 0;
  for await (const document of collection.find()) if (document._id) seen += 1;
  if (seen !== documents) throw new Error(`The plain loop saw ${seen} of ${documents} documents.`);
}

async function ownDump({ db, documents }: Place, folder: string): Promise<number> {
  const path = join(folder, 'own.bson');
  const { file, content } = await dumpCollection({
    ...{ db, name: COLLECTION, path },
    compression: await chooseCompression(),
    signal: new AbortController().signal,
    onDocuments: () => undefined,
  });
  await rm(path);
  if (content.documents !== documents)
    throw new Error(`The dump holds ${content.documents} of ${documents} documents.`);
  return file.bytes;
}

async function sizeOf(place: Place, folder: string): Promise<{ readonly stored: number; readonly raw: number }> {
  return { stored: await ownDump(place, folder), raw: (await digestCollection(place.db, COLLECTION)).bytes };
}

/** The password goes by a config file: argv is for everybody to read. */
async function stockDump(program: string, { urls, database }: Place, folder: string): Promise<void> {
  const config = join(folder, 'mongodump.yaml');
  const archive = join(folder, 'stock.archive');
  await writeFile(config, `uri: ${JSON.stringify(urls.tool)}\n`, { mode: 0o600 });
  const child = spawn(
    program,
    ['--quiet', `--config=${config}`, `--collection=${COLLECTION}`, `--archive=${archive}`],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  if (code !== 0) throw new Error(`mongodump of ${database} ended with exit code ${code ?? 'none'}.`);
  await stat(archive);
  await rm(archive);
}

function report(found: {
  readonly bench: Bench;
  readonly taken: readonly Taken[];
  readonly bytes: { readonly stored: number; readonly raw: number };
  readonly kind: string;
}): Measured {
  const { bench, taken, bytes, kind } = found;
  const { documents } = bench.options.mongo;
  const of = (pick: (t: Taken) => number | undefined): number => median(taken.flatMap((t) => pick(t) ?? []));
  const speed = (took: number): string =>
    `${Math.round(documents / took).toLocaleString('en')} documents/s (${took.toFixed(2)} s)`;
  const [decoded, dump, digest, stock] = [
    of((t) => t.decoded),
    of((t) => t.dump),
    of((t) => t.digest),
    of((t) => t.stock),
  ];
  const hasStock = !Number.isNaN(stock);
  const lines: readonly Line[] = [
    {
      what: `plain loop of the driver, ${documents.toLocaleString('en')} documents`,
      measured: speed(decoded),
      target: '-',
      ratio: '1.00x',
    },
    {
      what: `raw dump, with digest, ${kind}`,
      measured: speed(dump),
      target: '>= 1x plain loop',
      ratio: times(decoded / dump),
      met: decoded / dump >= 1,
    },
    {
      what: 'the same against mongodump',
      measured: hasStock ? speed(stock) : 'no mongodump on PATH',
      target: '>= 0.5x mongodump',
      ratio: hasStock ? times(stock / dump) : '',
      ...(hasStock ? { met: stock / dump >= 0.5 } : {}),
    },
    {
      what: 'digest of a collection',
      measured: speed(digest),
      target: '>= 100,000/s',
      ratio: '',
      met: documents / digest >= 100_000,
    },
  ];
  return {
    lines,
    data: { taken, bytes },
    notes: [
      `Medians of ${taken.length}, in turn, warm, nobody else writing. ${(bytes.raw / 1e6).toFixed(1)} MB of BSON, ${(bytes.stored / 1e6).toFixed(1)} MB dumped. The dump hashes every document and its file on the way; the plain loop decodes them and keeps nothing, writes nothing.`,
    ],
  };
}
