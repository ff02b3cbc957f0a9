import { createWriteStream } from 'node:fs';
import { MongoClient } from 'mongodb';
import { COLLECTION, idOf } from './documents';

/**
 * An application on MongoDB, as its own user: `MONGO_URL=… DOCUMENTS=400000 RATE=300 SAMPLES=file node load.js`. Half of
 * its operations read one document by `_id`, half update one. Open loop: an operation is due when the clock says so,
 * whether or not earlier ones were answered, and its latency counts from then, however late it was sent. A line is
 * `<epoch ms when it was due> <ms> <o, or r where it was refused>`. Ends on SIGTERM, when the last answer is there.
 */
async function main(): Promise<void> {
  const { MONGO_URL: url, DOCUMENTS, RATE = '300', SAMPLES: file } = process.env;
  if (!url || !file || !DOCUMENTS) throw new Error('The load needs MONGO_URL, DOCUMENTS and SAMPLES.');
  const documents = Number(DOCUMENTS);
  const everyMs = 1000 / Number(RATE);
  const client = await new MongoClient(url, { appName: 'bench-load', maxPoolSize: 100, minPoolSize: 20 }).connect();
  const collection = client.db().collection(COLLECTION);
  const samples = createWriteStream(file, { mode: 0o600 });
  const running = new Set<Promise<void>>();
  const refused = new Map<string, number>();
  const one = async (due: number, n: number): Promise<void> => {
    const _id = idOf(Math.floor(Math.random() * documents));
    let answer = 'o';
    try {
      if (n % 2 === 0) await collection.findOne({ _id });
      else await collection.updateOne({ _id }, { $inc: { seen: 1 } });
    } catch (error) {
      answer = 'r';
      const code = String((error as { readonly code?: unknown }).code ?? (error as Error).name);
      refused.set(code, (refused.get(code) ?? 0) + 1);
    }
    samples.write(`${(performance.timeOrigin + due).toFixed(3)} ${(performance.now() - due).toFixed(3)} ${answer}\n`);
  };
  await Promise.all(Array.from({ length: 20 }, () => collection.findOne({ _id: idOf(0) })));
  const begun = performance.now();
  let issued = 0;
  const timer = setInterval(() => {
    for (const now = performance.now(); begun + issued * everyMs <= now; issued++) {
      const work: Promise<void> = one(begun + issued * everyMs, issued).finally(() => running.delete(work));
      running.add(work);
    }
  }, 1);
  console.log(JSON.stringify({ type: 'ready' }));
  await new Promise<void>((resolve) => process.once('SIGTERM', () => resolve()));
  clearInterval(timer);
  await Promise.all(running);
  await new Promise<void>((resolve) => samples.end(resolve));
  console.log(JSON.stringify({ type: 'summary', issued, refused: Object.fromEntries(refused) }));
  await client.close(true);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
});
