import type { Db } from 'mongodb';

/** Which server this is, by its own word: a compatible one says the version of MongoDB that it plays. */
export async function readServer(db: Db): Promise<{ readonly product: string; readonly version: string }> {
  const info = await db.command({ buildInfo: 1 });
  const own: unknown = info.secantusVersion;
  if (typeof own === 'string') return { product: `SecantusDB ${own}`, version: String(info.version) };
  return { product: 'MongoDB', version: String(info.version) };
}
