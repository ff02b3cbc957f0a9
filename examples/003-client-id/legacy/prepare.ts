import { parseArgs } from 'node:util';
import { generate } from './generate';
import { createLegacySchema } from './schema';

/** `DATABASE_URL=… node prepare.js [--rows 200000] [--seed 1]`: schema and data in one go, as role `owner`. */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { rows: { type: 'string' }, seed: { type: 'string' } } });
  const url = process.env.DATABASE_URL;
  if (url === undefined) throw new Error('DATABASE_URL is not set; give it the address of the database as role owner.');
  const started = performance.now();
  await createLegacySchema(url);
  const volumes = await generate(url, { rows: Number(values.rows ?? 200_000), seed: Number(values.seed ?? 1) });
  console.log(JSON.stringify({ type: 'generated', ...volumes, ms: Math.round(performance.now() - started) }));
}

if (require.main === module) {
  main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  });
}
