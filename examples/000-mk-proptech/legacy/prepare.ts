import { parseArgs } from 'node:util';
import { generate } from './generate';

/** `MONGO_URL=… DB_NAME=… node prepare.js [--documents 100000] [--seed 1]`, as the database's owner. */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { documents: { type: 'string' }, seed: { type: 'string' } } });
  const { MONGO_URL: url, DB_NAME: database } = process.env;
  if (url === undefined || database === undefined)
    throw new Error('MONGO_URL and DB_NAME are not set; give them the address and the name of an empty database.');
  const started = performance.now();
  const options = { documents: Number(values.documents ?? 100_000), seed: Number(values.seed ?? 1), database };
  const volumes = await generate(url, options);
  console.log(JSON.stringify({ type: 'generated', ...volumes, ms: Math.round(performance.now() - started) }));
}

if (require.main === module) {
  main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  });
}
