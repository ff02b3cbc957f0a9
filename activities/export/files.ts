import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CutoverError, describeError } from '../../src/core/failure';
import type { ExportArgs } from '../../src/core/step';
import { fileDigest, writeOnce } from '../backup/files';
import { backupsOn, finish, shelfOf, startPartial, sweepPartials, type Shelf } from '../backup/shelf';
import type { VerbContext } from '../context';
import type { Resources } from '../resources';
import { csvText } from './csv';
import { jsonText, type ExportedRows } from './rows';

/** Captured before the first byte: what the comparison needs to read the same again. */
export interface ExportLocation {
  readonly [key: string]: string | readonly string[];
  readonly name: string;
  readonly store: string;
  readonly table: string;
  readonly key: string;
  readonly columns: readonly string[];
}

/** Captured when both files are there. */
export interface ExportSeal {
  readonly [key: string]: string | number;
  readonly sha256: string;
  readonly csvSha256: string;
  readonly rows: number;
  readonly n: number;
}

export function locationOf({ name, store, table, key, columns }: ExportArgs): ExportLocation {
  return { name, store, table, key, columns: [...columns] };
}

type Place = Pick<VerbContext, 'run'>;

/** Both files of one export, whole or not at all; an earlier attempt's are taken as they are. */
export async function writeExport(
  context: Place,
  resources: Resources,
  input: { readonly step: string; readonly location: ExportLocation; readonly read: () => Promise<ExportedRows> },
): Promise<ExportSeal> {
  const { step, location, read } = input;
  const shelf = shelfOf(resources.store(location.store).dir, context.run, step);
  await sweepPartials(shelf);
  const last = (await backupsOn(shelf))[0];
  if (last) return sealOf(last.path, location, last.n);
  const rows = await read();
  const path = await writeBoth(shelf, location, rows);
  return sealOf(path, location, 1);
}

async function writeBoth(shelf: Shelf, location: ExportLocation, exported: ExportedRows): Promise<string> {
  const partial = await startPartial(shelf, 1);
  try {
    await writeOnce(join(partial, jsonName(location)), (file) => file.writeFile(jsonText(exported)));
    await writeOnce(join(partial, csvName(location)), (file) =>
      file.writeFile(csvText(exported.columns, exported.rows)),
    );
    return await finish(shelf, partial, 1);
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw error;
  }
}

async function sealOf(path: string, location: ExportLocation, n: number): Promise<ExportSeal> {
  const { sha256 } = await fileDigest(join(path, jsonName(location)));
  const csv = await fileDigest(join(path, csvName(location)));
  const { rows } = await parse(join(path, jsonName(location)));
  return { sha256, csvSha256: csv.sha256, rows: rows.length, n };
}

/** @throws Refused when the file is gone or not the one that was sealed. */
export async function readExport(
  context: Place,
  resources: Resources,
  input: { readonly step: string; readonly location: ExportLocation; readonly seal: ExportSeal },
): Promise<ExportedRows> {
  const { step, location, seal } = input;
  const shelf = shelfOf(resources.store(location.store).dir, context.run, step);
  const path = join(folderOf(shelf, seal), jsonName(location));
  const found = await fileDigest(path).catch((cause: unknown) => {
    throw new CutoverError('Refused', `The export of step ${step} cannot be read (${describeError(cause)}).`, {
      cause,
    });
  });
  if (found.sha256 === seal.sha256) return parse(path);
  throw new CutoverError(
    'Refused',
    `The export ${path} has changed since it was written: it proves nothing any more. Compare by hand, or start a new run.`,
  );
}

export function folderOf(shelf: Shelf, seal: ExportSeal): string {
  return join(shelf.dir, `${shelf.step}-${seal.n}`);
}

async function parse(path: string): Promise<ExportedRows> {
  return JSON.parse(await readFile(path, 'utf8')) as ExportedRows;
}

function jsonName({ name }: ExportLocation): string {
  return `export-${plain(name)}.json`;
}

function csvName({ name }: ExportLocation): string {
  return `export-${plain(name)}.csv`;
}

function plain(name: string): string {
  return name.replace(/[^A-Za-z0-9._-]/g, '-');
}
