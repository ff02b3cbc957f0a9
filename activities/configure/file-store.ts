import { createHash } from 'node:crypto';
import { access, realpath } from 'node:fs/promises';
import { CutoverError } from '../../src/core/failure';
import { dress, moveOver, placeFile, readWhole, removeFile, removeLitter, type WholeFile } from './replace-file';
import type { ConfigChange, ConfigStore, Staged } from './config-store';
import type { TextFormat } from './text-format';

export interface FileStoreSpec {
  readonly target: string;
  readonly path: string;
  readonly format: TextFormat;
  /** Must be readable by its owner only. */
  readonly secret: boolean;
}

/**
 * A file of settings. Beside it, while a run needs them: `<file>.cutover-<run>`, the whole of what it will be, and
 * `<file>.before-<run>`, the whole of what it was, of mode 0600. The staged file goes away by becoming the live one.
 */
export function fileStore(spec: FileStoreSpec): ConfigStore {
  const { target, path, format } = spec;

  const read = async (): Promise<WholeFile> => {
    const file = await readWhole(path);
    if (spec.secret && (file.stat.mode & 0o077) !== 0) {
      throw new CutoverError(
        'Misconfigured',
        `The secret store ${path} can be read by others; run \`chmod 600 ${path}\`.`,
      );
    }
    return file;
  };
  const changed = (text: string, change: ConfigChange): string => {
    const after = 'set' in change ? format.set(text, change.set, path) : format.remove(text, change.remove, path);
    proveChange({ before: format.read(text, path), after: format.read(after, path), change, path });
    return after;
  };
  const edited = (file: WholeFile, run: string): CutoverError =>
    new CutoverError(
      'Refused',
      `Somebody changed ${path} after run ${run} had read it. Compare it with ${beside(file.path, 'before', run)}, which has what it was; put that back and \`cutover retry\`, or \`cutover rollback\` and start again with the new content.`,
    );
  const othersKeys = (file: WholeFile, before: string | undefined, staged: Staged): readonly string[] => {
    if (before === undefined) return [];
    const [then, now] = [format.read(before, path), format.read(file.text, path)];
    const names = [...new Set([...then.keys(), ...now.keys()])].sort();
    return names.filter((name) => then.get(name) !== now.get(name) && !staged.keys.includes(name));
  };
  const editedSinceLive = (file: WholeFile, run: string, keys: readonly string[]): CutoverError => {
    const kept = beside(file.path, 'before', run);
    const what = keys.length > 0 ? `the keys ${keys.join(', ')}` : "comments, order, or this run's own keys";
    return new CutoverError(
      'Refused',
      `Somebody changed ${path} after run ${run} had made its change live: ${what}. Neither is overwritten, and no build was put back. Keep the edited file and put back what was there before the run, \`cp -p ${file.path} ${file.path}.edited && cat ${kept} > ${file.path}\`, then \`cutover retry\`; afterwards make the same edit again.`,
    );
  };
  const place = (file: WholeFile, at: string, text: string): Promise<void> =>
    placeFile({ path: at, text, mode: file.stat.mode, owner: file.stat });

  return {
    read: async () => format.read((await read()).text, path),

    plan: async (change) => {
      const { text } = await read();
      const keys = 'set' in change ? Object.keys(change.set).sort() : [...change.remove].sort();
      return { target, sha256Before: sha256(text), sha256After: sha256(changed(text, change)), keys };
    },

    stage: async (run, change, staged) => {
      const file = await read();
      const now = sha256(file.text);
      if (now === staged.sha256After) return;
      if (now !== staged.sha256Before) throw edited(file, run);
      const future = beside(file.path, 'cutover', run);
      if ((await there(future)) && sha256((await readWhole(future)).text) !== staged.sha256After) {
        throw new CutoverError(
          'Refused',
          `${future} holds another change of this run; put all values of "${target}" into one config step.`,
        );
      }
      await placeFile({ path: beside(file.path, 'before', run), text: file.text, mode: 0o600 });
      await place(file, future, changed(file.text, change));
    },

    isLive: async (staged) => sha256((await read()).text) === staged.sha256After,

    goLive: async (run, staged) => {
      const file = await read();
      const now = sha256(file.text);
      if (now === staged.sha256After) return;
      if (now !== staged.sha256Before) throw edited(file, run);
      const future = beside(file.path, 'cutover', run);
      if (!(await there(future)) || sha256((await readWhole(future)).text) !== staged.sha256After) {
        throw new CutoverError('Refused', `${future} is gone or was changed; retry the step that staged it.`);
      }
      await dress(future, file.stat.mode, file.stat);
      await moveOver(future, file.path);
      await readBack(path, staged.sha256After);
    },

    goBack: async (run, staged) => {
      const file = await read();
      const now = sha256(file.text);
      if (now === staged.sha256Before) return;
      // Not live: whatever people made of it meanwhile is theirs.
      if (now !== staged.sha256After && (await there(beside(file.path, 'cutover', run)))) return;
      const kept = beside(file.path, 'before', run);
      const before = (await there(kept)) ? (await readWhole(kept)).text : undefined;
      if (now !== staged.sha256After) throw editedSinceLive(file, run, othersKeys(file, before, staged));
      if (before === undefined || sha256(before) !== staged.sha256Before) {
        throw new CutoverError(
          'Refused',
          `${kept} is gone or was changed, so ${path} cannot be put back; restore that file, then \`cutover retry\`.`,
        );
      }
      await place(file, beside(file.path, 'cutover', run), file.text);
      await place(file, file.path, before);
      await readBack(path, staged.sha256Before);
    },

    unstage: async (run, staged) => {
      const file = await read();
      await removeLitter(file.path);
      await removeFile(beside(file.path, 'cutover', run));
      // Kept where it is the only copy of what people may want back.
      if (sha256(file.text) === staged.sha256Before) await removeFile(beside(file.path, 'before', run));
    },

    keptAt: async (run) => beside(await realpath(path), 'before', run),
  };
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function beside(path: string, what: 'cutover' | 'before', run: string): string {
  return `${path}.${what}-${run.replace(/[^A-Za-z0-9._-]/g, '_')}`;
}

async function there(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function readBack(path: string, digest: string): Promise<void> {
  if (sha256((await readWhole(path)).text) === digest) return;
  throw new CutoverError(
    'Refused',
    `${path} is not what was written a moment ago: somebody else writes it too; find out who, then \`cutover retry\`.`,
  );
}

interface Proof {
  readonly before: ReadonlyMap<string, string>;
  readonly after: ReadonlyMap<string, string>;
  readonly change: ConfigChange;
  readonly path: string;
}

/** What was meant has changed and nothing else, read by the same eyes as the application's. */
function proveChange({ before, after, change, path }: Proof): void {
  const expected = new Map(before);
  if ('set' in change) for (const [key, value] of Object.entries(change.set)) expected.set(key, value);
  else for (const key of change.remove) expected.delete(key);
  const same = expected.size === after.size && [...expected].every(([key, value]) => after.get(key) === value);
  if (!same)
    throw new CutoverError(
      'Refused',
      `The values cannot be written into ${path} so that they read the same; write simpler ones, of one line and without quotes.`,
    );
}
