import { realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { describeError } from '../core/failure';
import { sqlEntries } from './entries';
import type { PathPart, Problem } from './problem';
import { pathText } from './problem';
import { readText } from './read-text';
import type { PlanFile } from './schema/plan';

/** Bigger files do not fit into a workflow's history together with the rest of the plan. */
export const MAX_SQL_BYTES = 32 * 1024;

/** Where the plan names a file, and what is in it. */
export interface Artifact {
  readonly path: readonly PathPart[];
  readonly file: string;
  readonly text: string;
  readonly use: 'create' | 'statements' | 'undo';
}

export interface FileMention {
  readonly path: readonly PathPart[];
  readonly file: string;
  readonly use: Artifact['use'];
}

/** A file that could not be taken, and why. */
export interface UnreadFile {
  readonly mention: FileMention;
  readonly problem: Problem;
}

/** Every file that the plan names, read once; a path that leaves the plan's folder, by a link too, is a problem. */
export async function readArtifacts(
  plan: PlanFile,
  folder: string,
): Promise<{ readonly artifacts: readonly Artifact[]; readonly unread: readonly UnreadFile[] }> {
  const artifacts: Artifact[] = [];
  const unread: UnreadFile[] = [];
  for (const mention of mentions(plan)) {
    const result = await readInside(mention, folder);
    if (typeof result === 'string') artifacts.push({ ...mention, text: result });
    else unread.push({ mention, problem: result });
  }
  return { artifacts, unread };
}

export function mentions(plan: PlanFile): readonly FileMention[] {
  const { registry, membership } = plan.tenancy;
  const tables: FileMention[] = [{ path: ['tenancy', 'registry', 'create'], file: registry.create, use: 'create' }];
  if (membership) tables.push({ path: ['tenancy', 'membership', 'create'], file: membership.create, use: 'create' });
  if (plan.log) tables.push({ path: ['log', 'create'], file: plan.log.create, use: 'create' });
  const steps = sqlEntries(plan).flatMap(({ at, spec: sql }): FileMention[] => {
    const undo: FileMention[] = sql.undo === undefined ? [] : [{ path: [...at, 'undo'], file: sql.undo, use: 'undo' }];
    return [{ path: [...at, 'file'], file: sql.file, use: 'statements' }, ...undo];
  });
  return [...tables, ...steps];
}

async function readInside(mention: FileMention, folder: string): Promise<string | Problem> {
  const path = join(folder, mention.file);
  const as = `${pathText(mention.path)} (${mention.file})`;
  const outside = await leavesFolder(path, folder);
  if (outside) {
    const expected = "a file inside the plan's own folder: what is approved is what lies beside the plan";
    return { path: as, found: outside, expected, fix: 'copy the file into the folder and name the copy' };
  }
  const result = await readText(path, { as, max: MAX_SQL_BYTES });
  if (!result.ok) return result.problem;
  if (result.text.trim() === '')
    return { path: as, found: 'an empty file', expected: 'SQL statements', fix: 'write them, or take the step out' };
  return result.text;
}

async function leavesFolder(path: string, folder: string): Promise<string | undefined> {
  try {
    const inside = (await realpath(path)).startsWith(`${await realpath(folder)}${sep}`);
    return inside ? undefined : 'a link that leads out of the folder';
  } catch (error) {
    // A file that is not there is said better by the one who reads it.
    return describeError(error).startsWith('ELOOP') ? 'links that go round in a circle' : undefined;
  }
}

/** The text of a file that readArtifacts has read. */
export function artifactText(artifacts: readonly Artifact[], file: string): string {
  const artifact = artifacts.find((a) => a.file === file);
  if (!artifact) throw new Error(`The file ${file} of the plan has not been read.`);
  return artifact.text;
}
